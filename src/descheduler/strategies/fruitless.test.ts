import { expect, test } from 'vitest';
import type { Search } from '../../scheduling/search.ts';
import { Fruitless } from './fruitless.ts';

let clock = 0;

/** Takes so many milliseconds in two parts, and finds nothing unless told. */
function* looking(took: number, found?: string): Search<string> {
  clock += took / 2;
  yield;
  clock += took / 2;
  return found;
}

/** The clock goes on in pauses, too; they do not count. */
function end(search: Search<string>): string | undefined {
  for (;;) {
    const { done, value } = search.next();
    if (done) return value;
    clock += 1_000_000;
  }
}

test.each([
  [0, 1],
  [30, 3_000],
  [10_000, 300_000],
])('what took %i ms in vain is not looked for again for %i ms', (took, pause) => {
  const fruitless = new Fruitless(() => clock);
  expect(end(fruitless.search('large', 7, looking(took)))).toBeUndefined();
  expect([7, 7 + pause - 1, 7 + pause].map((now) => fruitless.has('large', now))).toEqual([
    true,
    true,
    false,
  ]);
  expect(fruitless.has('other', 7)).toBe(false);
  fruitless.expire(7 + pause - 1);
  expect(fruitless.has('large', 7)).toBe(true);
  fruitless.expire(7 + pause);
  expect(fruitless.has('large', 7)).toBe(false);
});

test('what was found may be looked for again', () => {
  const fruitless = new Fruitless(() => clock);
  expect(end(fruitless.search('large', 7, looking(30, 'there')))).toBe('there');
  expect(fruitless.has('large', 7)).toBe(false);
});
