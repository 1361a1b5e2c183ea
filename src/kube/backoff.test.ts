import { expect, test } from 'vitest';
import { backoffDelay } from './backoff.ts';

const without = (random: number) => ({ first: 50, most: 30_000, random: () => random });

test('doubles up to the most', () => {
  const delays = [1, 2, 3, 4, 10, 11, 1000, 1e9].map((failures) => backoffDelay(without(1), failures));
  expect(delays).toEqual([50, 100, 200, 400, 25_600, 30_000, 30_000, 30_000]);
});

test('is drawn from the upper half', () => {
  expect(backoffDelay(without(0), 3)).toBe(100);
  expect(backoffDelay(without(0.5), 3)).toBe(150);
});

test('draws anew by itself', () => {
  const drawn = new Set(Array.from({ length: 20 }, () => backoffDelay({ first: 1000, most: 1000 }, 1)));
  expect(drawn.size).toBeGreaterThan(1);
  for (const delay of drawn) expect(delay >= 500 && delay < 1000).toBe(true);
});
