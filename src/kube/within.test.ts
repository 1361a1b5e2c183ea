import { expect, test } from 'vitest';
import { within } from './within.ts';

test('waits for the end of work, or for its time', async () => {
  expect(await within(10_000, Promise.resolve(5))).toBe(true);
  expect(await within(10, new Promise(() => {}))).toBe(false);
  await expect(within(10_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
});
