import { Cache } from '../kube/cache.ts';
import type { Client, ListOptions } from '../kube/client.ts';
import { Reflector, type ReflectorCache } from '../kube/reflector.ts';
import { configMaps, nodes, pods, type Resource, secrets } from '../kube/resources.ts';
import type { ConfigMap, KubeObject, Node, Pod, Secret } from '../kube/types.ts';
import { Watches } from '../kube/watches.ts';
import type { NodeMetrics, Side } from '../metrics/node-metrics.ts';
import { withoutContent } from '../translate/dependency.ts';
import { isOfUpperCluster, isVirtual, type Owner } from '../translate/marks.ts';
import { virtualPodLabel } from '../translate/names.ts';
import type { ServiceAccountMode } from '../translate/service-account.ts';
import { type AddressMap, withSeenAddresses } from '../translate/services/address-map.ts';
import { claimKeysOf } from '../translate/storage/claim-uses.ts';
import { podNameOf } from '../translate/token-secret.ts';
import type { DependencyCaches } from './dependencies/dependencies.ts';
import { type DependencyKind, keysOfLowerPod, keysOfUpperPod } from './dependencies/dependency-keys.ts';
import type { UpperDependencies } from './dependencies/upper-dependencies.ts';

/** Everything a virtual node knows of its two clusters. */
export interface ProviderCaches {
  readonly upperPods: Cache<Pod, 'dependency' | 'claim'>;
  readonly upperNode: Cache<Node>;
  readonly lowerPods: Cache<Pod, 'dependency' | 'node'>;
  readonly lowerNodes: Cache<Node>;
  readonly dependencies: Record<DependencyKind, DependencyCaches>;
}

/** Empty caches but for what is shared, each keeping of an object only what its readers need. */
export function createCaches(
  owner: Owner,
  mode: ServiceAccountMode,
  { caches }: Pick<UpperDependencies, 'caches'>,
  addresses: AddressMap,
): ProviderCaches {
  const dependency = (kind: DependencyKind) => ({
    upper: caches[kind],
    copies: new Cache<ConfigMap | Secret, 'pod'>({ pod: podKeyOfTokens }, withoutContent),
  });
  return {
    upperPods: new Cache<Pod, 'dependency' | 'claim'>({
      dependency: (pod) => (isVirtual(pod) ? keysOfUpperPod(pod, mode) : []),
      claim: (pod) => (isVirtual(pod) ? claimKeysOf(pod) : []),
    }),
    upperNode: new Cache<Node>({}, withoutImages),
    lowerPods: new Cache<Pod, 'dependency' | 'node'>(
      {
        dependency: (pod) => (isOfUpperCluster(pod, owner) ? keysOfLowerPod(pod, owner) : []),
        node: (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []),
      },
      // Virtual nodes that share a lower cluster share the copies that their pods use.
      (pod) => (isOfUpperCluster(pod, owner) ? withSeenAddresses(pod, addresses) : onlyRequests(pod)),
    ),
    lowerNodes: new Cache<Node>({}, withoutImages),
    dependencies: { ConfigMap: dependency('ConfigMap'), Secret: dependency('Secret') },
  };
}

export interface WatchesOptions {
  upper: Client;
  lower: Client;
  nodeName: string;
  /** Label selector of the lower nodes that are offered; all of them when undefined. */
  nodeSelector: string | undefined;
  /** The upper namespace to serve; all of them when undefined. */
  namespace: string | undefined;
  onError: (message: string) => void;
  metrics?: NodeMetrics | undefined;
}

/** What fills the caches, by the cluster that is watched. */
export interface ProviderWatches extends Readonly<Record<Side, Watches>> {
  /** Among those of the lower cluster. */
  readonly lowerPods: Pick<Reflector<Pod>, 'position'>;
}

/** Watches that are not begun yet. */
export function createWatches(
  caches: ProviderCaches,
  { upper, lower, nodeName, nodeSelector, namespace, onError, metrics }: WatchesOptions,
): ProviderWatches {
  const { ConfigMap: config, Secret: secret } = caches.dependencies;
  const reflect =
    (side: Side, client: Client) =>
    <T extends KubeObject>(resource: Resource<T>, cache: ReflectorCache<T>, more: ListOptions = {}) =>
      new Reflector(client, resource, cache, {
        ...more,
        onError,
        observer: metrics?.watch(side, resource.plural),
      });
  const above = reflect('upper', upper);
  const below = reflect('lower', lower);
  const copies = { labelSelector: `${virtualPodLabel}=true` };
  const lowerPods = below(pods, caches.lowerPods);
  return {
    lowerPods,
    upper: new Watches([
      above(pods, caches.upperPods, { namespace, fieldSelector: `spec.nodeName=${nodeName}` }),
      above(nodes, caches.upperNode, { fieldSelector: `metadata.name=${nodeName}` }),
    ]),
    lower: new Watches([
      lowerPods,
      below(nodes, caches.lowerNodes, { labelSelector: nodeSelector }),
      below<ConfigMap>(configMaps, config.copies, copies),
      below<Secret>(secrets, secret.copies, copies),
    ]),
  };
}

/** The pod that mounts the tokens of a Secret of ours. */
function podKeyOfTokens(copy: KubeObject): string[] {
  const name = podNameOf(copy);
  return name === undefined ? [] : [`${copy.metadata?.namespace}/${name}`];
}

/** Names of images are the bulk of a node, and nobody here reads them. */
function withoutImages(node: Node): Node {
  if (!node.status?.images) return node;
  const { images: _images, ...status } = node.status;
  return { ...node, status };
}

/** Of a pod of nobody's from above only its name, whose it is, its place and what it takes matter. */
function onlyRequests({ metadata, spec, status }: Pod): Pod {
  const { name, namespace, uid, resourceVersion, generation, labels, annotations } = metadata ?? {};
  const sizes = (containers: NonNullable<Pod['spec']>['containers'] | undefined) =>
    containers?.map(({ name, resources, restartPolicy }) => ({ name, resources, restartPolicy }));
  const granted = (statuses: NonNullable<Pod['status']>['containerStatuses']) =>
    statuses?.map(({ name, resources, allocatedResources }) => ({ name, resources, allocatedResources }));
  const isMarked = labels?.[virtualPodLabel] !== undefined;
  const slim = {
    metadata: { name, namespace, uid, resourceVersion, generation, ...(isMarked && { labels, annotations }) },
    spec: {
      nodeName: spec?.nodeName,
      containers: sizes(spec?.containers),
      initContainers: sizes(spec?.initContainers),
      resources: spec?.resources,
      overhead: spec?.overhead,
    },
    status: {
      phase: status?.phase,
      conditions: status?.conditions?.filter(({ type }) => type === 'PodResizePending'),
      containerStatuses: granted(status?.containerStatuses),
      initContainerStatuses: granted(status?.initContainerStatuses),
    },
  };
  return slim as Pod;
}
