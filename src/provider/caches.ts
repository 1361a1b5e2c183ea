import { Cache } from '../kube/cache.ts';
import type { Client, ListOptions } from '../kube/client.ts';
import { Reflector, type ReflectorCache } from '../kube/reflector.ts';
import { configMaps, nodes, pods, type Resource, secrets } from '../kube/resources.ts';
import type { ConfigMap, KubeObject, Node, Pod, Secret } from '../kube/types.ts';
import type { NodeMetrics, Side } from '../metrics/node-metrics.ts';
import { withoutContent } from '../translate/dependency.ts';
import { isOurs, isVirtual, type Owner } from '../translate/marks.ts';
import { virtualPodLabel } from '../translate/names.ts';
import type { ServiceAccountMode } from '../translate/service-account.ts';
import { podNameOf } from '../translate/token-secret.ts';
import type { DependencyCaches } from './dependencies.ts';
import { type DependencyKind, keysOfLowerPod, keysOfUpperPod } from './dependency-keys.ts';

/** Everything a virtual node knows of its two clusters. */
export interface ProviderCaches {
  readonly upperPods: Cache<Pod, 'dependency'>;
  readonly upperNode: Cache<Node>;
  readonly lowerPods: Cache<Pod, 'dependency' | 'node'>;
  readonly lowerNodes: Cache<Node>;
  readonly dependencies: Record<DependencyKind, DependencyCaches>;
}

/** Empty caches, each keeping of an object only what its readers need. */
export function createCaches(owner: Owner, mode: ServiceAccountMode): ProviderCaches {
  const dependency = () => ({
    upper: new Cache<KubeObject>({}, onlyVersion),
    copies: new Cache<ConfigMap | Secret, 'pod'>({ pod: podKeyOfTokens }, withoutContent),
  });
  return {
    upperPods: new Cache<Pod, 'dependency'>({
      dependency: (pod) => (isVirtual(pod) ? keysOfUpperPod(pod, mode) : []),
    }),
    upperNode: new Cache<Node>({}, withoutImages),
    lowerPods: new Cache<Pod, 'dependency' | 'node'>(
      {
        dependency: (pod) => (isOurs(pod, owner) ? keysOfLowerPod(pod, owner) : []),
        node: (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []),
      },
      (pod) => (isOurs(pod, owner) ? pod : onlyRequests(pod)),
    ),
    lowerNodes: new Cache<Node>({}, withoutImages),
    dependencies: { ConfigMap: dependency(), Secret: dependency() },
  };
}

export interface ReflectorsOptions {
  upper: Client;
  lower: Client;
  nodeName: string;
  /** The upper namespace to serve; all of them when undefined. */
  namespace: string | undefined;
  onError: (message: string) => void;
  metrics?: NodeMetrics | undefined;
}

/** The reflectors that fill the caches, by the cluster they watch. */
export function createReflectors(
  caches: ProviderCaches,
  { upper, lower, nodeName, namespace, onError, metrics }: ReflectorsOptions,
): Record<'upper' | 'lower', Reflector<KubeObject>[]> {
  const { ConfigMap: config, Secret: secret } = caches.dependencies;
  const reflect =
    (side: Side, client: Client) =>
    <T extends KubeObject>(resource: Resource<T>, cache: ReflectorCache<T>, more: ListOptions = {}) =>
      new Reflector(client, resource, cache, {
        ...more,
        onError,
        observer: metrics?.watch(side, resource.plural),
      }) as Reflector<KubeObject>;
  const above = reflect('upper', upper);
  const below = reflect('lower', lower);
  const copies = { labelSelector: `${virtualPodLabel}=true` };
  return {
    upper: [
      above(pods, caches.upperPods, { namespace, fieldSelector: `spec.nodeName=${nodeName}` }),
      above(nodes, caches.upperNode, { fieldSelector: `metadata.name=${nodeName}` }),
      above<KubeObject>(configMaps, config.upper, { namespace, metadataOnly: true }),
      above<KubeObject>(secrets, secret.upper, { namespace, metadataOnly: true }),
    ],
    lower: [
      below(pods, caches.lowerPods),
      below(nodes, caches.lowerNodes),
      below<ConfigMap>(configMaps, config.copies, copies),
      below<Secret>(secrets, secret.copies, copies),
    ],
  };
}

/** The pod that mounts the tokens of a Secret of ours. */
function podKeyOfTokens(copy: KubeObject): string[] {
  const name = podNameOf(copy);
  return name === undefined ? [] : [`${copy.metadata?.namespace}/${name}`];
}

/** Of what may be copied only its version matters; kubectl keeps the data of a Secret in an annotation. */
function onlyVersion({ metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata ?? {};
  return { metadata: { name, namespace, uid, resourceVersion } } as KubeObject;
}

/** Names of images are the bulk of a node, and nobody here reads them. */
function withoutImages(node: Node): Node {
  if (!node.status?.images) return node;
  const { images: _images, ...status } = node.status;
  return { ...node, status };
}

/** Of a pod that is not ours only its name, whose it is, its place and what it takes matter. */
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
