import { expect, test } from 'vitest';
import { SharedPictures } from './shared-pictures.ts';

test('a picture is watched once, while somebody looks at it', () => {
  const signals: [string | undefined, AbortSignal][] = [];
  const shared = new SharedPictures((namespace) => ({
    watches: { run: async (signal: AbortSignal) => void signals.push([namespace, signal]) },
  }));
  const ended = () => signals.map(([namespace, { aborted }]) => [namespace, aborted]);
  const one = shared.use(undefined);
  const two = shared.use(undefined);
  const other = shared.use('shop');
  expect(two.picture).toBe(one.picture);
  expect(other.picture).not.toBe(one.picture);
  one.release();
  one.release();
  expect(ended()).toEqual([
    [undefined, false],
    ['shop', false],
  ]);
  two.release();
  expect(ended()).toEqual([
    [undefined, true],
    ['shop', false],
  ]);
  expect(shared.use(undefined).picture).not.toBe(one.picture);
});
