import { describe, expect, test } from 'vitest';
import { readClusterSecret } from './secret.ts';

function secret(data: Record<string, string>) {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  return { metadata: { namespace: 'n', name: 'c' }, data: Object.fromEntries(encoded) };
}

describe('a hostile Secret', () => {
  test.each([
    ['lists in lists', '['.repeat(5_000) + ']'.repeat(5_000)],
    ['maps in maps that do not end', '{a: '.repeat(50_000)],
    ['items of items', '- '.repeat(50_000)],
    ['keys of keys', '? '.repeat(50_000)],
  ])('of %s does not end the process', (_, text) => {
    expect(readClusterSecret(secret({ kubeconfig: text }))).toHaveProperty('mistakes');
    expect(readClusterSecret(secret({ kubeconfig: 'a', configuration: text }))).toHaveProperty('mistakes');
  });

  test.each([
    ['a selector', `nodeSelector: "${'a,'.repeat(200_000)}"`],
    ['a list', `ignoreLabels: [${Array.from({ length: 100_000 }, (_, index) => `a${index}`).join()}]`],
  ])('with %s without end holds nobody up', (_, configuration) => {
    const began = performance.now();
    expect(readClusterSecret(secret({ kubeconfig: 'a', configuration }))).toHaveProperty('mistakes');
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test('of a circle of aliases is refused', () => {
    const kubeconfig = 'clusters: &a [*a]\nusers: []\ncontexts: []\n';
    expect(readClusterSecret(secret({ kubeconfig }))).toHaveProperty('mistakes');
  });
});
