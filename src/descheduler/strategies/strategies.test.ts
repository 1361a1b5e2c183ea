import { expect, test, vi } from 'vitest';
import { PodsBelow } from '../../clusters/placement/pod-below.ts';
import { type TestCluster, testCluster, upperPod } from '../../clusters/placement/test-clusters.ts';
import { VirtualNodes } from '../../clusters/placement/virtual-nodes.ts';
import { keyOf } from '../../kube/resources.ts';
import type { Node, Pod } from '../../kube/types.ts';
import { Picture } from '../../scheduling/picture.ts';
import { raw } from '../../translate/test-objects.ts';
import { Situation } from '../situation.ts';
import type { Proposal, Propose, Strategy } from '../strategy.ts';
import type { UpperCluster } from '../upper-cluster.ts';
import { fragmentation } from './fragmentation.ts';
import { lowerUnschedulable } from './lower-unschedulable.ts';
import { podLifeTime } from './pod-life-time.ts';

const now = Date.UTC(2026, 0, 1);
const ago = (seconds: number) => new Date(now - seconds * 1_000).toISOString();

interface World {
  readonly clusters: readonly TestCluster[];
  readonly pods: readonly Pod[];
  readonly tried?: Readonly<Record<string, string>>;
  readonly isOurs?: (name: string) => boolean;
  readonly onError?: (pod: Pod, error: unknown) => void;
}

function raise(_: Pod, error: unknown): never {
  throw error;
}

/** Every cluster has a virtual node with room for everything above. */
function situationOf({ clusters, pods, tried = {}, isOurs = () => true, onError = raise }: World): Situation {
  const picture = new Picture();
  const names = clusters.map(({ configuration }) => configuration.nodeName);
  for (const name of names)
    picture.applyNode(
      raw<Node>({
        metadata: { name },
        status: { allocatable: { cpu: '1000', memory: '1000Gi', pods: '1000' } },
      }),
    );
  for (const pod of pods) if (pod.spec?.nodeName) picture.applyPod(pod);
  const byKey = new Map(pods.map((pod) => [keyOf(pod), pod]));
  const upper = {
    picture,
    nodeNames: () => names,
    pod: (key: string) => byKey.get(key),
    pending: () => pods.filter(({ status }) => status?.phase === 'Pending'),
  } as unknown as UpperCluster;
  const virtualNodes = new VirtualNodes({
    nodesBy: 'nodeName',
    nodeOf: (name) => raw<Node>({ metadata: { name } }),
  });
  virtualNodes.setClusters(new Map(clusters.map((cluster) => [cluster.configuration.name, cluster])));
  const triedOf = (key: string) =>
    new Map(tried[key] ? [[tried[key], { times: 1, until: now + 1_000 }]] : []);
  return new Situation({
    upper,
    virtualNodes,
    podsBelow: new PodsBelow(),
    memory: { tried: triedOf },
    isOurs,
    now,
    onError,
  });
}

const controller = (uid: string) => [
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: uid, uid, controller: true },
];

/** A pod above that waits, bound to a node or not. */
function waiting(name: string, cpu: string, nodeName?: string, metadata: object = {}): Pod {
  const pod = upperPod(name, cpu, {
    metadata: { creationTimestamp: ago(1_000), ownerReferences: controller(`rs-${name}`), ...metadata },
    spec: nodeName ? { nodeName } : {},
  });
  const unscheduled = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    lastTransitionTime: ago(500),
  };
  return { ...pod, status: { phase: 'Pending', conditions: nodeName ? [] : [unscheduled] } } as Pod;
}

/** The lower scheduler of a cluster has found no place for a pod for so many seconds. */
function stuck(cluster: TestCluster, pod: Pod, seconds: number): void {
  const unschedulable = { message: 'no room', since: ago(seconds) };
  cluster.said.pods.set(keyOf(pod), {
    upperUid: pod.metadata?.uid ?? '',
    nodeName: undefined,
    unschedulable,
  });
}

/** A small pod that runs on the first node of a cluster. */
function running(
  cluster: TestCluster,
  name: string,
  cpu: string,
  metadata: object = {},
  on = `${cluster.configuration.name}-0`,
): Pod {
  const { nodeName } = cluster.configuration;
  const pod = upperPod(name, cpu, {
    metadata: { ownerReferences: controller(`rs-${name}`), ...metadata },
    spec: { nodeName },
  });
  cluster.feed.picture.applyPod({ ...pod, spec: { ...pod.spec, nodeName: on } } as Pod);
  cluster.said.pods.set(keyOf(pod), {
    upperUid: pod.metadata?.uid ?? '',
    nodeName: on,
    unschedulable: undefined,
  });
  return { ...pod, status: { phase: 'Running' } } as Pod;
}

const moves = (proposals: Iterable<Proposal | undefined>) =>
  [...proposals].flatMap((proposal) =>
    !proposal ? [] : [proposal.moves.map(({ pod, to, avoid }) => [pod.metadata?.name, to, avoid])],
  );

const create = <P>(strategy: Strategy<P>, params: object = {}) =>
  strategy.create(strategy.parameters.parse(params));
const unschedulable = create(lowerUnschedulable);

test('LowerUnschedulable moves who waits below for long to where there is room', () => {
  const [a, b] = [testCluster('a', [2]), testCluster('b', [8])];
  const [old, young] = [waiting('old', '4', 'vk-a'), waiting('young', '4', 'vk-a')];
  stuck(a, old, 90);
  stuck(a, young, 30);
  const situation = situationOf({ clusters: [a, b], pods: [old, young] });
  expect(moves(unschedulable(situation))).toEqual([[['old', ['vk-b'], 'vk-a']]]);
});

test.each([
  ['nothing else has room', [2, 3], {}],
  ['it has room again where it is', [8, 8], {}],
  ['it was tried there in vain', [2, 8], { tried: { 'rs-web': 'vk-b' } }],
  ['the other cluster is not known now', [2, 8], { stale: 'b' }],
  ['its own cluster is not known now', [2, 8], { stale: 'a' }],
  ['nobody looks after its node', [2, 8], { isOurs: () => false }],
  ['its owner does not want it moved', [2, 8], { annotations: { 'isthmus.io/evict': 'false' } }],
  ['it has a claim', [2, 8], { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] }],
] as const)('LowerUnschedulable leaves a pod where it is when %s', (_, [inA, inB], more) => {
  const { stale, annotations, volumes, ...world } = { stale: undefined, annotations: {}, ...more } as {
    stale?: string;
    annotations: object;
    volumes?: object[];
  };
  const [a, b] = [testCluster('a', [inA]), testCluster('b', [inB])];
  const plain = waiting('web', '4', 'vk-a', { annotations });
  const pod = { ...plain, spec: { ...plain.spec, volumes } } as Pod;
  stuck(a, pod, 90);
  for (const cluster of [a, b])
    if (cluster.configuration.name === stale) cluster.said.staleness = 'it does not answer';
  expect(moves(unschedulable(situationOf({ clusters: [a, b], pods: [pod], ...world })))).toEqual([]);
});

test('LowerUnschedulable replaces who was kept from a node for a time that is over', () => {
  const avoids = (until: string) => ({
    annotations: { 'isthmus.io/avoids': JSON.stringify({ 'vk-a': until }) },
  });
  const clusters = [testCluster('a', [8]), testCluster('b', [2])];
  const [over, still] = [
    waiting('over', '4', undefined, avoids(ago(1))),
    waiting('still', '4', undefined, avoids(ago(-60))),
  ];
  const gated = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' };
  const others = [[gated], []].map((conditions, index) => {
    const pod = waiting(`other-${index}`, '4', undefined, avoids(ago(1)));
    return { ...pod, status: { phase: 'Pending', conditions } } as Pod;
  });
  expect(moves(unschedulable(situationOf({ clusters, pods: [over, still, ...others] })))).toEqual([
    [['over', ['vk-a'], undefined]],
  ]);
});

test('PodLifeTime moves who has been Pending for long', () => {
  const clusters = [testCluster('a', [8]), testCluster('b', [8])];
  const old = waiting('old', '4', 'vk-a');
  const young = waiting('young', '4', 'vk-a', { creationTimestamp: ago(10) });
  const free = waiting('free', '4');
  const propose = create(podLifeTime, { maxPodLifeTimeSeconds: 60 });
  expect(moves(propose(situationOf({ clusters, pods: [old, free, young] })))).toEqual([
    [['old', ['vk-b'], 'vk-a']],
  ]);
});

/** Looks as for the first time. */
const makeRoom: Propose = (situation) => create(fragmentation)(situation);

test('Fragmentation makes room in the cluster where the fewest must move', () => {
  const [a, b] = [testCluster('a', [8, 4]), testCluster('b', [8, 4])];
  const small = [running(a, 'a1', '2'), running(a, 'a2', '2'), running(b, 'b1', '3')];
  const large = waiting('large', '7');
  expect(moves(makeRoom(situationOf({ clusters: [a, b], pods: [large, ...small] })))).toEqual([
    [['b1', ['vk-b'], 'vk-b/b-0']],
  ]);
});

test('Fragmentation lets a pod make way to another cluster, and keeps the next one from coming back', () => {
  const [a, b] = [testCluster('a', [8]), testCluster('b', [4])];
  const small = running(a, 'small', '3');
  const large = waiting('large', '7');
  expect(moves(makeRoom(situationOf({ clusters: [a, b], pods: [large, small] })))).toEqual([
    [['small', ['vk-b'], 'vk-a']],
  ]);
});

test.each([
  ['belongs to nobody', { ownerReferences: [] }],
  ['belongs to a StatefulSet', { ownerReferences: [{ ...controller('x')[0], kind: 'StatefulSet' }] }],
  ['must not be moved', { annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' } }],
])('Fragmentation leaves a pod that %s', (_, metadata) => {
  const [a, b] = [testCluster('a', [8]), testCluster('b', [4])];
  const small = running(a, 'small', '3', metadata);
  expect(moves(makeRoom(situationOf({ clusters: [a, b], pods: [waiting('large', '7'), small] })))).toEqual(
    [],
  );
});

test.each<[string, object, object, boolean]>([
  ['what is on its node', { emptyDir: {} }, {}, false],
  ['what is on the disk of its node', { hostPath: { path: '/data' } }, {}, false],
  ['what is worth nothing', { emptyDir: {} }, { 'isthmus.io/evict': 'true' }, true],
  ['what comes from elsewhere', { configMap: { name: 'a' } }, {}, true],
])('Fragmentation and a pod that runs with %s', (_, volume, annotations, isMoved) => {
  const [a, b] = [testCluster('a', [4]), testCluster('b', [2])];
  const small = running(a, 'small', '1', { annotations });
  const withVolume = { ...small, spec: { ...small.spec, volumes: [{ name: 'data', ...volume }] } } as Pod;
  const pods = [withVolume, waiting('large', '4')];
  const proposed = moves(makeRoom(situationOf({ clusters: [a, b], pods })));
  expect(proposed).toHaveLength(isMoved ? 1 : 0);
});

test('Fragmentation makes room for each large pod of its own', () => {
  const a = testCluster('a', [8, 8, 8, 8]);
  const small = ['a-0', 'a-1', 'a-2', 'a-3'].map((on, index) => running(a, `small-${index}`, '2', {}, on));
  const large = ['large-0', 'large-1'].map((name) => waiting(name, '7'));
  const proposed = moves(makeRoom(situationOf({ clusters: [a], pods: [...large, ...small] })));
  expect(proposed).toHaveLength(2);
  expect(new Set(proposed.flat().map(([name]) => name)).size).toBe(2);
});

test('Fragmentation does not try again soon what did not help', () => {
  const [a, b] = [testCluster('a', [8]), testCluster('b', [4])];
  const small = running(a, 'small', '3');
  const world = { clusters: [a, b], pods: [waiting('large', '7'), small] };
  expect([...makeRoom(situationOf(world))].find((proposal) => proposal)?.remember).toMatchObject({
    key: 'room-uid-large',
    node: 'vk-a',
  });
  expect(moves(makeRoom(situationOf({ ...world, tried: { 'room-uid-large': 'vk-b' } })))).toEqual([]);
});

test('PodLifeTime leaves pods of a cluster that is not known now', () => {
  const clusters = [testCluster('a', [8]), testCluster('b', [8])];
  const propose = create(podLifeTime, { maxPodLifeTimeSeconds: 60 });
  const old = waiting('old', '4', 'vk-a');
  expect(moves(propose(situationOf({ clusters, pods: [old] })))).toHaveLength(1);
  for (const cluster of clusters)
    if (cluster.configuration.name === 'a') cluster.said.staleness = 'it does not answer';
  expect(moves(propose(situationOf({ clusters, pods: [old] })))).toEqual([]);
});

test('a pod that cannot be read stops no other', () => {
  const clusterSelector = JSON.stringify({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: 'x' } },
    },
  });
  const [a, b] = [testCluster('a', [2]), testCluster('b', [8])];
  const [bad, good] = [
    waiting('bad', '4', 'vk-a', { annotations: { clusterSelector } }),
    waiting('good', '4', 'vk-a'),
  ];
  stuck(a, bad, 90);
  stuck(a, good, 90);
  const told: string[] = [];
  const onError = ({ metadata }: Pod) => void told.push(metadata?.name ?? '');
  const proposed = moves(unschedulable(situationOf({ clusters: [a, b], pods: [bad, good], onError })));
  expect(proposed).toEqual([[['good', ['vk-b'], 'vk-a']]]);
  expect(told).toEqual(['bad']);
});

test('Fragmentation moves nobody to where the next of its owner may not go', () => {
  const [a, b] = [testCluster('a', [8]), testCluster('b', [4])];
  const small = running(a, 'small', '3');
  const world = { clusters: [a, b], pods: [waiting('large', '7'), small] };
  expect(moves(makeRoom(situationOf(world)))).toHaveLength(1);
  expect(moves(makeRoom(situationOf({ ...world, tried: { 'rs-small': 'vk-b' } })))).toEqual([]);
  const c = testCluster('c', [8, 4]);
  const there = running(c, 'small', '3');
  const alone = { clusters: [c], pods: [waiting('large', '7'), there] };
  expect(moves(makeRoom(situationOf(alone)))).toHaveLength(1);
  expect(moves(makeRoom(situationOf({ ...alone, tried: { 'rs-small': 'vk-c/c-1' } })))).toEqual([]);
});

test('Fragmentation looks once for replicas of which none finds room', () => {
  const a = testCluster('a', [8]);
  const replicas = ['one', 'two', 'three'].map((name) =>
    waiting(name, '7', undefined, { ownerReferences: controller('rs-large') }),
  );
  const small = running(a, 'small', '3');
  const situation = situationOf({ clusters: [a], pods: [...replicas, waiting('other', '7'), small] });
  const looked = vi.spyOn(situation, 'placesBesides');
  expect(moves(makeRoom(situation))).toEqual([]);
  expect(looked).toHaveBeenCalledTimes(2);
});

test('a pod that has changed since the round began is left to the next', () => {
  const [a, b] = [testCluster('a', [2]), testCluster('b', [8])];
  const pod = waiting('web', '4', 'vk-a');
  stuck(a, pod, 90);
  const situation = situationOf({ clusters: [a, b], pods: [pod] });
  vi.spyOn(situation, 'upperPod').mockReturnValue({ ...pod });
  expect(moves(unschedulable(situation))).toEqual([]);
});

test('a large pod that fits nowhere keeps no small one of its owner where it is', () => {
  const [a, b] = [testCluster('a', [2]), testCluster('b', [8])];
  const metadata = { ownerReferences: controller('ray') };
  const [head, worker] = [waiting('head', '16', 'vk-a', metadata), waiting('worker', '4', 'vk-a', metadata)];
  stuck(a, head, 90);
  stuck(a, worker, 90);
  const situation = situationOf({ clusters: [a, b], pods: [head, worker] });
  expect(moves(unschedulable(situation))).toEqual([[['worker', ['vk-b'], 'vk-a']]]);
});

test('of pods that are alike only the first is asked about', () => {
  const [a, b] = [testCluster('a', [2]), testCluster('b', [3])];
  const pods = ['one', 'two'].map((name) =>
    waiting(name, '4', 'vk-a', { ownerReferences: controller('rs-web') }),
  );
  for (const pod of pods) stuck(a, pod, 90);
  const situation = situationOf({ clusters: [a, b], pods });
  const asked = vi.spyOn(situation, 'allowedAbove');
  expect(moves(unschedulable(situation))).toEqual([]);
  expect(asked).toHaveBeenCalledTimes(1);
});
