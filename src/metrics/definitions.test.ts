import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { definitions } from './definitions.ts';

const guide = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');

test('the table in docs/operating.md is right', () => {
  const rows = Object.entries(definitions).map(([name, { kind, labels, help }]) => {
    return `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
  });
  const table = guide
    .split('\n')
    .filter((line) => /^\| `isthmus_\w+` \| (counter|gauge|histogram) \|/.test(line));
  expect(table).toEqual(rows);
});

test('what docs/operating.md alerts on is there', () => {
  const named = [...guide.matchAll(/\bisthmus_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, ''));
  expect(named.filter((name) => !Object.hasOwn(definitions, name))).toEqual([]);
});
