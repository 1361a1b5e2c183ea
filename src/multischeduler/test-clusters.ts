import { defaultConfiguration } from '../clusters/configuration.ts';
import type { LowerFeed } from '../clusters/feed/lower-feed.ts';
import type { PicturedCluster } from '../clusters/feed/lower-pictures.ts';
import type { LowerPod } from '../clusters/feed/lower-pod.ts';
import type { ClusterConfiguration } from '../clusters/lower-cluster.ts';
import type { Node, Pod } from '../kube/types.ts';
import { Picture } from '../scheduling/picture.ts';
import { raw } from '../translate/test-objects.ts';
import { Extender } from './extender.ts';
import { PodsBelow } from './pod-below.ts';
import { Reservations } from './reservations.ts';
import { VirtualNodes } from './virtual-nodes.ts';

/** A lower cluster without an API server. */
export interface TestCluster extends PicturedCluster {
  /** What the feed says of itself and of pods below. */
  readonly said: {
    staleness: string | undefined;
    uid: string;
    isSynced: boolean;
    pods: Map<string, LowerPod>;
  };
}

/** A cluster of nodes with so many cores each. */
export function testCluster(
  name: string,
  cores: readonly number[],
  configuration: Partial<ClusterConfiguration> = {},
): TestCluster {
  const picture = new Picture();
  for (const [index, cpu] of cores.entries())
    picture.applyNode(
      raw<Node>({
        metadata: { name: `${name}-${index}`, labels: { 'kubernetes.io/hostname': `${name}-${index}` } },
        status: { allocatable: { cpu: `${cpu}`, memory: '100Gi', pods: '10' } },
      }),
    );
  const said: TestCluster['said'] = {
    staleness: undefined,
    uid: `uid-${name}`,
    isSynced: true,
    pods: new Map(),
  };
  const feed = {
    picture,
    lowerPod: (key: string) => said.pods.get(key),
    get staleness() {
      return said.staleness;
    },
    get uid() {
      return said.uid;
    },
    get isSynced() {
      return said.isSynced;
    },
  };
  return {
    configuration: { ...defaultConfiguration(name), nodeName: `vk-${name}`, ...configuration },
    feed: feed as LowerFeed,
    said,
  };
}

/** A pod above that asks for so many cores. */
export function upperPod(name: string, cpu: string, more: { metadata?: object; spec?: object } = {}): Pod {
  return raw<Pod>({
    metadata: {
      namespace: 'shop',
      name,
      uid: `uid-${name}`,
      labels: { 'virtual-pod': 'true' },
      ...more.metadata,
    },
    spec: { containers: [{ name: 'main', resources: { requests: { cpu } } }], ...more.spec },
  });
}

/** An extender of these clusters; each has a virtual node. */
export function testExtender(clusters: readonly PicturedCluster[], now: () => number = () => 0) {
  const names = new Set(clusters.map(({ configuration }) => configuration.nodeName));
  const extra = new Map<string, Node>();
  const virtualNodes = new VirtualNodes({
    nodesBy: 'nodeName',
    nodeOf: (name) => extra.get(name) ?? (names.has(name) ? raw<Node>({ metadata: { name } }) : undefined),
  });
  virtualNodes.setClusters(new Map(clusters.map((cluster) => [cluster.configuration.name, cluster])));
  const podsBelow = new PodsBelow();
  const reservations = new Reservations(30_000, now);
  const upper = { staleness: undefined as string | undefined };
  const extender = new Extender({
    virtualNodes,
    podsBelow,
    reservations,
    strategy: 'least-allocated',
    staleness: () => upper.staleness,
  });
  return { extender, reservations, podsBelow, virtualNodes, upper, nodes: extra };
}
