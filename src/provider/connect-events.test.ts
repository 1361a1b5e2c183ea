import { expect, test } from 'vitest';
import { Cache } from '../kube/cache.ts';
import type { Pod } from '../kube/types.ts';
import { marks } from '../translate/marks.ts';
import { readAddressMap } from '../translate/services/address-map.ts';
import { owner } from '../translate/test-objects.ts';
import { createCaches } from './caches.ts';
import { connectEvents } from './connect-events.ts';

const key = 'shop/web-0';
let version = 0;

function lowerPod(status: object, metadata: object = {}): Pod {
  version += 1;
  const { labels, annotations } = marks(owner, 'upper-uid');
  const identity = { name: 'web-0', namespace: 'shop', uid: 'lower-uid', resourceVersion: `${version}` };
  return { metadata: { ...identity, labels, annotations, ...metadata }, status } as Pod;
}

/** What comes to the queue of the pods, and after how long. */
function scene() {
  const shared = { caches: { ConfigMap: new Cache({}), Secret: new Cache({}) } };
  const caches = createCaches(owner, 'upper', shared, readAddressMap([]));
  const queued: [key: string, pause: number][] = [];
  const own = new WeakSet<Pod>();
  const queue = { add: () => undefined };
  connectEvents({
    ...{
      caches,
      owner,
      namespace: undefined,
      serviceAccounts: 'upper',
      nodeName: owner.virtualNode,
      isMirrored: (pod: Pod) => own.has(pod),
    },
    podQueue: {
      add: (added) => queued.push([added, 0]),
      addAfter: (added, pause) => queued.push([added, pause]),
    },
    ...{ dependencyQueue: queue, nodeQueue: queue },
  });
  return { caches, queued, own };
}

test.each<[string, Pod, number]>([
  ['nobody has said anything yet', lowerPod({ phase: 'Pending' }), 5_000],
  [
    'only the scheduler has spoken',
    lowerPod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }] }),
    300,
  ],
  ['the kubelet has spoken', lowerPod({ phase: 'Pending', startTime: '2026-01-02T03:04:05Z' }), 0],
  ['it runs', lowerPod({ phase: 'Running' }), 0],
  ['it is deleted', lowerPod({ phase: 'Pending' }, { deletionTimestamp: '2026-01-02T03:04:05Z' }), 0],
])('a lower pod of which %s', (_, pod, pause) => {
  const { caches, queued } = scene();
  caches.lowerPods.apply(pod);
  expect(queued).toEqual([[key, pause]]);
});

test('a lower pod that goes concerns its upper pod at once', () => {
  const { caches, queued } = scene();
  const pod = lowerPod({ phase: 'Pending' });
  caches.lowerPods.apply(pod);
  caches.lowerPods.remove(pod);
  expect(queued.at(-1)).toEqual([key, 0]);
});

test('the answer to a write of ours about an upper pod is no news', () => {
  const { caches, queued, own } = scene();
  const pod = (resourceVersion: string): Pod => ({
    metadata: { name: 'web-0', namespace: 'shop', uid: 'upper-uid', resourceVersion },
  });
  caches.upperPods.apply(pod('1'));
  const written = pod('2');
  own.add(written);
  caches.upperPods.apply(written);
  expect(queued).toHaveLength(1);
  caches.upperPods.apply(pod('3'));
  expect(queued).toHaveLength(2);
});
