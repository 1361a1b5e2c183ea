import { expect, test } from 'vitest';
import type { ProviderState } from '../provider.ts';
import { readinessOf } from './readiness.ts';

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
