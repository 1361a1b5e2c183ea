import { expect, test } from 'vitest';
import { avoidedBelow, avoidedNow, lowerNodeKey, readTried, writeTried } from './tried.ts';

const now = Date.UTC(2026, 0, 1);

test('what is written is read again', () => {
  const tried = new Map([
    ['vk-a', { times: 2, until: now + 1_000 }],
    ['vk-b', { times: 1, until: now }],
    [lowerNodeKey('vk-b', 'worker-1'), { times: 1, until: now + 1 }],
    [lowerNodeKey('vk-b', 'worker-2'), { times: 1, until: now }],
  ]);
  expect(readTried(writeTried(tried))).toEqual(tried);
  expect(avoidedNow(tried, now)).toEqual(new Map([['vk-a', now + 1_000]]));
  expect(avoidedBelow(tried, now)).toEqual(['worker-1']);
});

test.each([
  undefined,
  '',
  'nonsense',
  '[]',
  '{"vk-a":{"times":1}}',
  '{"vk-a":{"times":-1,"until":"2026-01-01T00:00:00Z"}}',
  '{"vk-a":{"times":1,"until":"soon"}}',
])('%s says nothing', (text) => {
  expect(readTried(text).size).toBe(0);
});
