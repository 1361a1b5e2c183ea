import { beforeEach, expect, test } from 'vitest';
import type { Pod } from '../../kube/types.ts';
import { certainty, fits } from '../../scheduling/fit.ts';
import { ClaimsBelow } from './claims-below.ts';
import { PodsBelow } from './pod-below.ts';
import { PromisedRoom } from './promised-room.ts';
import { type TestCluster, testCluster, upperPod } from './test-clusters.ts';

let a: TestCluster;
let b: TestCluster;
let promised: PromisedRoom;
let now = 0;
const key = 'shop/web';

beforeEach(() => {
  [a, b] = [testCluster('a', [4]), testCluster('b', [4])];
  const clusters = new Map([a, b].map((cluster) => [cluster.configuration.nodeName, cluster]));
  now = 0;
  promised = new PromisedRoom({
    clusterOf: (name) => clusters.get(name),
    podsBelow: new PodsBelow(),
    claimsBelow: new ClaimsBelow(() => undefined),
    now: () => now,
  });
});

const bound = (nodeName = 'vk-a', metadata: object = {}) =>
  upperPod('web', '3', {
    metadata: { ...metadata },
    spec: { nodeName, containers: upperPod('', '3').spec?.containers },
  });
const isFull = (cluster: TestCluster) => !fits(cluster.feed.picture, upperPod('other', '3'));

/** What the feed does when a pod is seen below. */
function seen(cluster: TestCluster, upperUid: string, nodeName: string | undefined): void {
  const pod = upperPod('web', '3', { metadata: { uid: 'lower' } });
  cluster.feed.picture.applyPod({
    ...pod,
    spec: { containers: [], ...pod.spec, ...(nodeName && { nodeName }) },
  } as Pod);
  cluster.said.pods.set(key, { upperUid, nodeName, unschedulable: undefined });
  promised.lowerChanged(cluster.feed, key);
}

function gone(cluster: TestCluster): void {
  cluster.feed.picture.removePod(key);
  cluster.said.pods.delete(key);
  promised.lowerChanged(cluster.feed, key);
}

test('a bound pod holds room in its cluster, until it is placed there, and is then counted once', () => {
  promised.apply(key, bound());
  expect([isFull(a), isFull(b)]).toEqual([true, false]);
  seen(a, 'uid-web', undefined);
  expect(isFull(a)).toBe(true);
  seen(a, 'uid-web', 'a-0');
  expect(isFull(a)).toBe(true);
  expect(promised.size).toBe(0);
  gone(a);
  expect(isFull(a)).toBe(false);
  promised.apply(key, bound('vk-a', { labels: { changed: 'yes' } }));
  expect(isFull(a)).toBe(false);
});

test.each<[string, () => Pod | undefined]>([
  ['gone', () => undefined],
  ['to go', () => bound('vk-a', { deletionTimestamp: '2026-01-01T00:00:00Z' })],
])('a pod that is %s holds nothing any more', (_, pod) => {
  promised.apply(key, bound());
  promised.apply(key, pod());
  expect(isFull(a)).toBe(false);
  promised.reviewAll();
  expect(isFull(a)).toBe(false);
});

test('the next pod of a name holds room once its predecessor has gone', () => {
  promised.apply(key, bound());
  seen(a, 'uid-web', 'a-0');
  promised.apply(key, bound('vk-a', { uid: 'next' }));
  gone(a);
  expect(isFull(a)).toBe(true);
  promised.apply(key, bound('vk-b', { uid: 'elsewhere' }));
  expect([isFull(a), isFull(b)]).toEqual([false, true]);
});

test('nothing is held before a cluster was listed, for most of it may be there already', () => {
  a.said.isSynced = false;
  promised.apply(key, bound());
  expect(promised.size).toBe(0);
  a.said.isSynced = true;
  promised.reviewFeed(b.feed);
  expect(promised.size).toBe(0);
  promised.reviewFeed(a.feed);
  expect(isFull(a)).toBe(true);
});

test('a pod that does not come below is waited for a minute, and then only holds the room that there is', () => {
  const asked = () => certainty(a.feed.picture, upperPod('other', '1'));
  a.feed.picture.applyPod(native('native', '2'));
  promised.apply(key, bound());
  now = 59_999;
  promised.defer();
  expect(asked()).toBe('contested');
  now = 60_000;
  promised.defer();
  expect(asked()).toBe('certain');
  a.feed.picture.removePod('shop/native');
  expect(isFull(a)).toBe(true);
  promised.apply(key, undefined);
  expect(isFull(a)).toBe(false);
});

function native(name: string, cpu: string): Pod {
  return upperPod(name, cpu, { spec: { nodeName: 'a-0', containers: upperPod('', cpu).spec?.containers } });
}
