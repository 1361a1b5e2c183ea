import { expect, test } from 'vitest';
import { Limits } from './limits.ts';

const move = (owner: string, node = 'vk-a') => ({ owner, node });

test('each limit holds, and time frees what is counted by the minute', () => {
  const limits = new Limits({ perNode: 3, perOwner: 2, perMinute: 4 });
  limits.begin(0);
  const spend = (...moves: ReturnType<typeof move>[]) => {
    if (!limits.allow(moves)) return false;
    for (const one of moves) limits.spend(one, 0);
    return true;
  };
  expect(spend(move('x'), move('x'), move('x'))).toBe(false);
  expect(spend(move('x'), move('x'))).toBe(true);
  expect(spend(move('x', 'vk-b'))).toBe(false);
  expect(spend(move('y'), move('z'))).toBe(false);
  expect(spend(move('y'))).toBe(true);
  expect(spend(move('z'))).toBe(false);
  expect(limits.isExhausted).toBe(false);
  expect(spend(move('z', 'vk-b'))).toBe(true);
  expect(limits.isExhausted).toBe(true);
  limits.begin(30_000);
  expect(spend(move('w', 'vk-c'))).toBe(false);
  limits.begin(60_000);
  expect(spend(move('x', 'vk-c'))).toBe(true);
});

test('what is of use together only is counted together', () => {
  const limits = new Limits({ perNode: 10, perOwner: 10, perMinute: 1 });
  limits.begin(0);
  expect(limits.allow([move('x'), move('y')])).toBe(false);
});

test('a clock that is set back does not hold up moves', () => {
  const limits = new Limits({ perNode: 10, perOwner: 10, perMinute: 1 });
  limits.begin(3_600_000);
  limits.spend(move('x'), 3_600_000);
  limits.begin(0);
  expect(limits.isExhausted).toBe(false);
});
