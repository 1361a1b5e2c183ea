import { expect, test } from 'vitest';
import type { ProviderState } from '../provider.ts';
import type { OpenCluster } from './open-cluster.ts';
import { memberReadiness, readinessOf } from './readiness.ts';

const watch = (side: 'upper' | 'lower', resource: string, isSynced: boolean, failure?: string) => ({
  side,
  resource,
  isSynced,
  failure,
});
const all = [watch('upper', 'pods', true), watch('lower', 'pods', true)];
const well: ProviderState['lower'] = { reachable: true };
const lost: ProviderState['lower'] = {
  reachable: false,
  reason: 'LowerClusterUnreachable',
  message: 'timed out',
};
const isLost = 'the lower cluster is lost (LowerClusterUnreachable): timed out';

test.each<[string, ProviderState, boolean, string]>([
  ['in step', { watches: all, isInStep: true, lower: well }, true, 'in step'],
  [
    'in step, though a watch fails now',
    { watches: [watch('upper', 'pods', true, 'reset')], isInStep: true, lower: well },
    true,
    'in step; watch fails: upper pods (reset)',
  ],
  ['in step with a cluster that is lost', { watches: all, isInStep: true, lower: lost }, true, isLost],
  [
    'still listing',
    {
      watches: [watch('upper', 'pods', false), watch('lower', 'secrets', false, 'Forbidden')],
      isInStep: false,
      lower: well,
    },
    false,
    'waits for the first list of upper pods, lower secrets (Forbidden)',
  ],
  [
    'never listed a lower cluster that is lost',
    {
      watches: [watch('upper', 'pods', true), watch('lower', 'pods', false, 'timed out')],
      isInStep: false,
      lower: lost,
    },
    true,
    `${isLost}; waits for the first list of lower pods (timed out)`,
  ],
  [
    'never listed either cluster',
    { watches: [watch('upper', 'pods', false), watch('lower', 'pods', false)], isInStep: false, lower: lost },
    false,
    `${isLost}; waits for the first list of upper pods, lower pods`,
  ],
])('%s', (_, state, isReady, says) => {
  expect(readinessOf(state)).toEqual({ isReady, says });
});

const inStep: ProviderState = { watches: all, isInStep: true, lower: well };
const opened = { provider: { state: inStep } } as unknown as OpenCluster;

test.each<[string, Parameters<typeof memberReadiness>[0], boolean, string]>([
  ['nothing yet', undefined, false, 'asks both clusters who they are'],
  [
    'a first attempt',
    { isEnding: false, opened: undefined, failure: undefined },
    false,
    'asks both clusters who they are',
  ],
  [
    'an attempt that failed',
    { isEnding: false, opened: undefined, failure: 'timed out' },
    true,
    'cannot be joined yet: timed out',
  ],
  ['work', { isEnding: false, opened, failure: undefined }, true, 'in step'],
  ['former work', { isEnding: true, opened, failure: undefined }, false, 'ends its former work'],
])('of %s', (_, joined, isReady, says) => {
  expect(memberReadiness(joined)).toEqual({ isReady, says });
});
