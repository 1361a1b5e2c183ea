import { expect, test } from 'vitest';
import { z } from 'zod';
import { listOf, mapOf } from './first-mistake.ts';

const schema = z.object({
  names: listOf(z.string()),
  rules: listOf(z.object({ key: z.string(), values: listOf(z.string()).nullish() })).nullish(),
  labels: mapOf(z.string()).nullish(),
});
const issuesOf = (value: unknown) =>
  schema.safeParse(value).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

test('what is good is read', () => {
  const good = {
    names: ['a'],
    rules: [
      { key: 'k', values: ['v'] },
      { key: 'l', values: null },
    ],
    labels: { a: 'b' },
  };
  expect(schema.parse(good)).toEqual(good);
  expect(schema.parse({ names: [] })).toEqual({ names: [] });
});

test.each<[unknown, string]>([
  [{}, 'names: expected a list'],
  [{ names: {} }, 'names: expected a list'],
  [{ names: ['a', 1, 2] }, 'names.1: Invalid input: expected string, received number'],
  [{ names: [], rules: [{}, {}] }, 'rules.0.key: Invalid input: expected string, received undefined'],
  [
    { names: [], rules: [{ key: '', values: ['', 1] }] },
    'rules.0.values.1: Invalid input: expected string, received number',
  ],
  [
    { names: [], labels: { a: 'b', c: 1, d: 2 } },
    'labels.c: Invalid input: expected string, received number',
  ],
  [{ names: [], labels: [] }, 'labels: expected a map'],
  [
    JSON.parse('{"names":[],"labels":{"__proto__":1}}'),
    'labels.__proto__: Invalid input: expected string, received number',
  ],
])('of %j the first mistake is told, and no other', (value, issue) => {
  expect(issuesOf(value)).toEqual([issue]);
});

test('a million mistakes take no longer than one', () => {
  const began = performance.now();
  expect(issuesOf({ names: Array<number>(1_000_000).fill(1) })).toHaveLength(1);
  expect(performance.now() - began).toBeLessThan(1_000);
});
