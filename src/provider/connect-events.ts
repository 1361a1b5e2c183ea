import { splitKey } from '../kube/resources.ts';
import type { KubeObject, Pod } from '../kube/types.ts';
import type { WorkQueue } from '../kube/work-queue.ts';
import { isOfUpperCluster, isOurs, type Owner } from '../translate/marks.ts';
import type { ServiceAccountMode } from '../translate/service-account.ts';
import { podNameOf } from '../translate/token-secret.ts';
import type { ProviderCaches } from './caches.ts';
import {
  type DependencyKind,
  dependencyKey,
  keyOfCopy,
  keysOfLowerPod,
  keysOfUpperPod,
} from './dependencies/dependency-keys.ts';
import { newsPause } from './pods/news-pause.ts';

export interface EventWiring {
  caches: ProviderCaches;
  owner: Owner;
  namespace: string | undefined;
  serviceAccounts: ServiceAccountMode;
  nodeName: string;
  /** Whether an upper pod is the answer to our write of what the lower one says, which is no news. */
  isMirrored: (upper: Pod) => boolean;
  podQueue: Pick<WorkQueue, 'add' | 'addAfter'>;
  dependencyQueue: Pick<WorkQueue, 'add'>;
  nodeQueue: Pick<WorkQueue, 'add'>;
}

/** Puts every key on its queue: at the start, and after a time in which keys were passed over. */
export function addEverything(wiring: EventWiring): void {
  const { caches, owner, namespace, serviceAccounts, podQueue, dependencyQueue } = wiring;
  const isServed = servedBy(namespace);
  for (const [key, pod] of caches.upperPods.entries()) {
    podQueue.add(key);
    for (const dependency of keysOfUpperPod(pod, serviceAccounts)) dependencyQueue.add(dependency);
  }
  for (const [key, pod] of caches.lowerPods.entries()) {
    if (!isServed(key) || !isOurs(pod, owner)) continue;
    podQueue.add(key);
    for (const dependency of keysOfLowerPod(pod, owner)) dependencyQueue.add(dependency);
  }
  for (const kind of ['ConfigMap', 'Secret'] as const) {
    for (const [key, copy] of caches.dependencies[kind].copies.entries()) {
      if (isServed(key) && isOurs(copy, owner)) addCopy(wiring, kind, copy);
    }
  }
}

/**
 * Which change of which cache puts which key on which queue. Each costs only what changed.
 *
 * @returns what lets go of the caches that others use too
 */
export function connectEvents(wiring: EventWiring): () => void {
  const { caches, owner, namespace, serviceAccounts, nodeName, isMirrored } = wiring;
  const { podQueue, dependencyQueue, nodeQueue } = wiring;
  const { upperPods, lowerPods, upperNode, dependencies } = caches;
  const isServed = servedBy(namespace);
  /** Whether a pod of ours names it: above, or only below, where the one above is virtual no more. */
  const isNamed = (key: string) =>
    upperPods.keysBy('dependency', key).size > 0 ||
    isAny(lowerPods.by('dependency', key), (pod) => isOurs(pod, owner));

  upperPods.subscribe((event) => {
    if (event.type !== 'updated' || !isMirrored(event.object)) podQueue.add(event.key);
    if (event.type !== 'deleted') return;
    for (const key of keysOfUpperPod(event.object, serviceAccounts)) dependencyQueue.add(key);
  });
  lowerPods.subscribe((event) => {
    if (!isServed(event.key)) return;
    const ours = isOurs(event.object, owner);
    const pause = ours && event.type !== 'deleted' ? newsPause(event.object) : 0;
    if (pause > 0) podQueue.addAfter(event.key, pause);
    // A pod that is not ours matters only where it stands in the way of one above.
    else if (ours || upperPods.get(event.key)) podQueue.add(event.key);
    if (event.type !== 'deleted' || !isOfUpperCluster(event.object, owner)) return;
    for (const key of keysOfLowerPod(event.object, owner)) dependencyQueue.add(key);
  });
  upperNode.subscribe(() => nodeQueue.add(nodeName));

  const shared: (() => void)[] = [];
  for (const kind of ['ConfigMap', 'Secret'] as const) {
    const release = dependencies[kind].upper.subscribe((event) => {
      const { namespace: of, name } = splitKey(event.key);
      const key = dependencyKey(kind, of, name);
      if (isNamed(key)) dependencyQueue.add(key);
      if (event.type === 'added') for (const pod of upperPods.keysBy('dependency', key)) podQueue.add(pod);
    });
    shared.push(release);
    dependencies[kind].copies.subscribe((event) => {
      if (!isServed(event.key)) return;
      if (isOurs(event.object, owner) || isNamed(keyOfCopy(kind, event.object, owner)))
        addCopy(wiring, kind, event.object);
    });
  }
  return () => {
    for (const release of shared) release();
  };
}

/** A copy that changed below concerns its dependency; a Secret with tokens concerns its pod. */
function addCopy(
  { owner, podQueue, dependencyQueue }: EventWiring,
  kind: DependencyKind,
  copy: KubeObject,
): void {
  const pod = podNameOf(copy);
  if (pod === undefined) dependencyQueue.add(keyOfCopy(kind, copy, owner));
  else podQueue.add(`${copy.metadata?.namespace}/${pod}`);
}

function isAny<T>(items: Iterable<T>, test: (item: T) => boolean): boolean {
  for (const item of items) if (test(item)) return true;
  return false;
}

/** Whether a key is of the upper namespace that is served. */
export function servedBy(namespace: string | undefined): (key: string) => boolean {
  return (key) => namespace === undefined || splitKey(key).namespace === namespace;
}
