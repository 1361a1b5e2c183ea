import { expect, test, vi } from 'vitest';
import { deferred } from './deferred.ts';
import type { ReflectorState } from './reflector.ts';
import { type AnyReflector, Watches } from './watches.ts';

function reflector(resource: string, isSynced: boolean, silentSince: number | undefined) {
  const synced = deferred();
  const state: ReflectorState = { resource, isSynced, failure: undefined };
  const run = vi.fn(async () => {});
  const made: AnyReflector = { run, synced: synced.promise, state, silentSince, reconnect: vi.fn() };
  return { ...made, list: synced.resolve };
}

test('several reflectors are run, begun again and known together', async () => {
  const all = [reflector('pods', true, undefined), reflector('nodes', false, 5)];
  const watches = new Watches(all);
  const { signal } = new AbortController();
  await watches.run(signal);
  watches.reconnect();
  for (const { run, reconnect } of all) {
    expect(run).toHaveBeenCalledExactlyOnceWith(signal);
    expect(reconnect).toHaveBeenCalledOnce();
  }
  expect(watches.states().map(({ resource }) => resource)).toEqual(['pods', 'nodes']);
  const told = vi.fn();
  const known = watches.synced.then(told);
  all[0]?.list();
  await Promise.resolve();
  expect(told).not.toHaveBeenCalled();
  all[1]?.list();
  await known;
});

test('the first that holds the others up is named', () => {
  const watches = new Watches([reflector('pods', true, undefined), reflector('nodes', false, 5)]);
  expect(watches.unlisted()?.resource).toBe('nodes');
  expect(watches.silentBefore(5)).toBeUndefined();
  expect(watches.silentBefore(6)?.resource).toBe('nodes');
  expect(watches.silentBefore(Number.POSITIVE_INFINITY)?.resource).toBe('nodes');
  const open = new Watches([reflector('pods', true, undefined)]);
  expect([open.unlisted(), open.silentBefore(Number.POSITIVE_INFINITY)]).toEqual([undefined, undefined]);
});
