import type { Node, Pod } from '../../kube/types.ts';
import { Picture } from '../../scheduling/picture.ts';
import { raw } from '../../translate/test-objects.ts';
import { defaultConfiguration } from '../configuration.ts';
import type { LowerFeed } from '../feed/lower-feed.ts';
import type { PicturedCluster } from '../feed/lower-pictures.ts';
import type { LowerPod } from '../feed/lower-pod.ts';
import type { ClusterConfiguration } from '../lower-cluster.ts';

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
