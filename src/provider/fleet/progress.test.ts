import { expect, test } from 'vitest';
import type { ProviderState } from '../provider.ts';
import type { OpenCluster } from './open-cluster.ts';
import { progressOf } from './progress.ts';

const watch = (isSynced: boolean) => ({
  side: 'upper' as const,
  resource: 'pods',
  isSynced,
  failure: undefined,
});
const lost: ProviderState['lower'] = { reachable: false, reason: '', message: '' };

function joined(state: Partial<ProviderState> | undefined, more: { isEnding?: boolean } = {}) {
  const whole = {
    watches: [watch(true), watch(false)],
    isInStep: false,
    lower: { reachable: true },
    ...state,
  };
  const opened = state && ({ provider: { state: whole } } as unknown as OpenCluster);
  return { isEnding: false, failures: 3, opened, ...more };
}

test.each<[string, ReturnType<typeof joined> | undefined, boolean, boolean, number]>([
  ['nothing yet', undefined, false, false, 0],
  ['attempts that fail are no steps', joined(undefined), false, false, 0],
  ['alone they are', joined(undefined), true, false, 3_000],
  ['a list is a step', joined({}), false, false, 2],
  ['in step is at work', joined({ isInStep: true }), false, true, 2],
  ['in step is at work, even with a lost cluster', joined({ isInStep: true, lower: lost }), false, true, 2],
  ['what ends is not', joined({ isInStep: true }, { isEnding: true }), false, false, 0],
  ['who never listed a lost cluster is not', joined({ lower: lost }), false, false, 2],
  ['alone it is waited for', joined({ lower: lost }), true, true, 3_002],
])('%s', (_, cluster, isAlone, isAtWork, steps) => {
  expect(progressOf(cluster, isAlone)).toEqual({ isAtWork, steps });
});

test('alone, an attempt that fails is further than all that the one before it listed', () => {
  const watches = Array.from({ length: 40 }, () => watch(true));
  const { steps } = progressOf(joined({ watches }), true);
  const failed = { isEnding: false, opened: undefined, failures: 4 };
  expect(progressOf(failed, true).steps).toBeGreaterThan(steps);
});
