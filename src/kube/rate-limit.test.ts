import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RateLimit } from './rate-limit.ts';

test('lets a burst go, and then one after the other', () => {
  let now = 0;
  const limit = new RateLimit({ qps: 10, burst: 3, now: () => now });
  expect([1, 2, 3, 4, 5].map(() => limit.take())).toEqual([0, 0, 0, 100, 200]);
  now += 1_000;
  expect(limit.take()).toBe(0);
});

test('saves up no more than a burst', () => {
  let now = 0;
  const limit = new RateLimit({ qps: 10, burst: 2, now: () => now });
  now = 3_600_000;
  expect([1, 2, 3].map(() => limit.take())).toEqual([0, 0, 100]);
});

test('never lets more go than the burst and the rate allow', () => {
  const pauses = fc.array(fc.nat(300), { maxLength: 200 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 20 }),
      pauses,
      (qps, burst, steps) => {
        let now = 0;
        const limit = new RateLimit({ qps, burst, now: () => now });
        const starts = steps.map((step) => {
          now += step;
          return now + limit.take();
        });
        starts.forEach((start, i) => {
          expect(start).toBeGreaterThanOrEqual(starts[i - 1] ?? 0);
          const within = starts.filter((other, j) => j <= i && other >= start - 1_000).length;
          expect(within).toBeLessThanOrEqual(burst + qps + 1);
        });
      },
    ),
  );
});

test('waits really', async () => {
  const limit = new RateLimit({ qps: 20, burst: 1 });
  const began = performance.now();
  await Promise.all([limit.pass(), limit.pass(), limit.pass()]);
  expect(performance.now() - began).toBeGreaterThanOrEqual(95);
});

test('gives the token of a caller that gave up to the next, and lets go of its signal', async () => {
  let now = 0;
  const limit = new RateLimit({ qps: 1, burst: 1, now: () => now });
  await limit.pass();
  const given = new AbortController();
  const waiting = limit.pass(given.signal);
  given.abort();
  await expect(waiting).rejects.toThrow();
  expect(getEventListeners(given.signal, 'abort')).toHaveLength(0);
  now = 1_000;
  expect(limit.take()).toBe(0);
});

test.each([
  [0, 1],
  [-1, 1],
  [Number.NaN, 1],
  [1, 0],
])('refuses %s per second with bursts of %s, for nothing would pass', (qps, burst) => {
  expect(() => new RateLimit({ qps, burst })).toThrow('no request passes');
});

test('holds back also what would have to wait longer than a timer can', async () => {
  const limit = new RateLimit({ qps: 1e-9, burst: 1 });
  await limit.pass();
  const given = new AbortController();
  let hasPassed = false;
  const waiting = limit.pass(given.signal).then(() => {
    hasPassed = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(hasPassed).toBe(false);
  given.abort();
  await expect(waiting).rejects.toThrow();
});
