import { describe, expect, test } from 'vitest';
import { readClusterSecret } from './secret.ts';

function secret(data: Record<string, string>) {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  return { metadata: { namespace: 'n', name: 'c' }, data: Object.fromEntries(encoded) };
}

describe('a hostile Secret', () => {
  test.each([
    ['lists in lists', '['.repeat(5_000) + ']'.repeat(5_000)],
    ['maps in maps that do not end', '{a: '.repeat(15_000)],
    ['items of items', '- '.repeat(30_000)],
    ['keys of keys', '? '.repeat(30_000)],
  ])('of %s does not end the process', (_, text) => {
    expect(readClusterSecret(secret({ kubeconfig: text }))).toEqual({
      mistakes: [
        expect.stringMatching(
          /^secret n\/c, key kubeconfig: it (is nested more than 32 deep|has more than 65536 characters)$/,
        ),
      ],
    });
    expect(readClusterSecret(secret({ kubeconfig: 'a', configuration: text }))).toHaveProperty('mistakes');
  });

  test.each([
    ['a selector', `nodeSelector: "${'a,'.repeat(200_000)}"`],
    ['a list', `ignoreLabels: [${Array.from({ length: 100_000 }, (_, index) => `a${index}`).join()}]`],
  ])('with %s without end holds nobody up', (_, configuration) => {
    const began = performance.now();
    expect(readClusterSecret(secret({ kubeconfig: 'a', configuration }))).toEqual({
      mistakes: ['secret n/c, key configuration: it has more than 65536 characters'],
    });
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test('of a circle of aliases is refused', () => {
    const kubeconfig = 'clusters: &a [*a]\nusers: []\ncontexts: []\n';
    expect(readClusterSecret(secret({ kubeconfig }))).toHaveProperty('mistakes');
  });
});
