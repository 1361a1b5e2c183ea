import { expect, test } from 'vitest';
import { parseDuration } from './duration.ts';

test.each([
  ['90', 90_000],
  ['90s', 90_000],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['0', 0],
])('%s', (text, expected) => {
  expect(parseDuration('timeout', text)).toBe(expected);
});

test.each(['', 's', '-1s', '1.5m', '5 m', '1d', '9999999'])('%j is none', (text) => {
  expect(() => parseDuration('timeout', text)).toThrow('--timeout is');
});
