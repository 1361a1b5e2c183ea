import { expect, test } from 'vitest';
import { readClusterSecret, secretKeys } from './secret.ts';

/** Who may write a Secret must not be able to hold up or end a process that serves other clusters. */
const size = 65_000;
const filled = (head: string, part: (index: number) => string, tail = '') => {
  let text = head;
  for (let index = 0; text.length < size; index++) text += part(index);
  return text + tail;
};
const texts: Record<string, [string, RegExp]> = {
  'a selector of many conditions': [
    filled('nodeSelector: "', () => 'a,', 'a"'),
    /of at most 4096 characters/,
  ],
  'many unknown keys': [filled('', (index) => `key${index}: a\n`), /^[^\n]*; and \d{4} more$/],
  'keys that are there already': [filled('', (index) => `a${index % 30_000}:\n`, 'a0:\n'), /must be unique/],
  'a list of what is there already': [filled('ignoreLabels: [', () => 'a,', ']'), /each only once/],
  'a long list': [filled('ignoreLabels: [', (index) => `a${index},`, '_]'), /ignoreLabels\[\d+\]: expected/],
  'many labels that are none': [filled('labels: {', (index) => `a${index}: [],`, '}'), /and \d+ more$/],
  'lists within lists': ['['.repeat(size / 2) + ']'.repeat(size / 2), /nested more than 32 deep/],
  'lists within lists that do not end': ['['.repeat(size), /nested more than 32 deep/],
  'items within items': ['- '.repeat(size / 2), /nested more than 32 deep/],
  'maps within keys': ['? '.repeat(size / 2), /nested more than 32 deep/],
  'more than anybody needs': [filled('', () => '# nothing\n').repeat(2), /more than 65536 characters/],
};

test.each(Object.entries(texts))('%s: refused in a few words, and soon', (_, [text, expected]) => {
  for (const key of Object.values(secretKeys)) {
    const data = { [key]: Buffer.from(text).toString('base64') };
    const began = process.cpuUsage();
    const read = readClusterSecret({ metadata: { namespace: 's', name: 'a' }, data });
    const { user, system } = process.cpuUsage(began);
    const said = 'mistakes' in read ? read.mistakes.join('; ') : '';
    if (key === secretKeys.configuration) expect(said).toMatch(expected);
    expect(said.length).toBeGreaterThan(0);
    expect(said.length).toBeLessThan(2_000);
    expect((user + system) / 1_000).toBeLessThan(2_000);
  }
});

test('of a kubeconfig only the first mistakes are told', () => {
  const user = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`key${index}`, 'a']));
  const kubeconfig = JSON.stringify({
    contexts: [],
    clusters: [],
    users: [{ name: 'u'.repeat(1_000), user }],
  });
  const data = { kubeconfig: Buffer.from(kubeconfig).toString('base64') };
  const read = readClusterSecret({ metadata: { namespace: 's', name: 'a' }, data });
  expect('mistakes' in read && read.mistakes).toHaveLength(6);
  expect('mistakes' in read && read.mistakes.at(-1)).toBe('and 2995 more');
  expect('mistakes' in read && read.mistakes.join('').length).toBeLessThan(1_000);
});
