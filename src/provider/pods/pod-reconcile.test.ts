import { expect, test, vi } from 'vitest';
import type { Pod } from '../../kube/types.ts';
import { reconcilePod } from './pod-reconcile.ts';
import type { PodSync } from './pod-sync.ts';

/** A lower cluster that is lost, and one pod that was on its way there: `upper` is what is left of it. */
function lost(upper: Pod | undefined) {
  const addDependency = vi.fn();
  const sync = {
    isReachable: () => false,
    upperPods: { get: () => upper },
    dependencies: { release: () => ['Secret/shop/password'] },
    addDependency,
  } as unknown as PodSync;
  return { sync, addDependency };
}

test('what was brought down for a pod that goes while its cluster is lost is looked at again', async () => {
  const { sync, addDependency } = lost(undefined);
  await reconcilePod(sync, 'shop/web');
  expect(addDependency).toHaveBeenCalledExactlyOnceWith('Secret/shop/password');
});

test('what was brought down for a pod that still waits for its cluster is kept', async () => {
  const { sync, addDependency } = lost({ metadata: { namespace: 'shop', name: 'web' } } as Pod);
  await reconcilePod(sync, 'shop/web');
  expect(addDependency).not.toHaveBeenCalled();
});
