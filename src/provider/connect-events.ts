import { splitKey } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import type { WorkQueue } from '../kube/work-queue.ts';
import { isOurs, type Owner } from '../translate/marks.ts';
import type { ServiceAccountMode } from '../translate/service-account.ts';
import { podNameOf } from '../translate/token-secret.ts';
import type { ProviderCaches } from './caches.ts';
import {
  type DependencyKind,
  dependencyKey,
  keyOfCopy,
  keysOfLowerPod,
  keysOfUpperPod,
} from './dependency-keys.ts';

export interface EventWiring {
  caches: ProviderCaches;
  owner: Owner;
  namespace: string | undefined;
  serviceAccounts: ServiceAccountMode;
  nodeName: string;
  podQueue: Pick<WorkQueue, 'add'>;
  dependencyQueue: Pick<WorkQueue, 'add'>;
  nodeQueue: Pick<WorkQueue, 'add'>;
}

/** Puts every key on its queue: after a time in which keys were passed over. */
export function addEverything(wiring: EventWiring): void {
  const { caches, owner, namespace, serviceAccounts, podQueue, dependencyQueue } = wiring;
  const isServed = servedBy(namespace);
  for (const [key, pod] of caches.upperPods.entries()) {
    podQueue.add(key);
    for (const dependency of keysOfUpperPod(pod, serviceAccounts)) dependencyQueue.add(dependency);
  }
  for (const [key, pod] of caches.lowerPods.entries()) {
    if (isServed(key) && isOurs(pod, owner)) podQueue.add(key);
  }
  for (const kind of ['ConfigMap', 'Secret'] as const) {
    for (const [key, copy] of caches.dependencies[kind].copies.entries()) {
      if (isServed(key) && isOurs(copy, owner)) addCopy(wiring, kind, copy);
    }
  }
}

/** Which change of which cache puts which key on which queue. Each costs only what changed. */
export function connectEvents(wiring: EventWiring): void {
  const { caches, owner, namespace, serviceAccounts, nodeName, podQueue, dependencyQueue, nodeQueue } =
    wiring;
  const { upperPods, lowerPods, upperNode, dependencies } = caches;
  const isServed = servedBy(namespace);

  upperPods.subscribe((event) => {
    podQueue.add(event.key);
    if (event.type !== 'deleted') return;
    for (const key of keysOfUpperPod(event.object, serviceAccounts)) dependencyQueue.add(key);
  });
  lowerPods.subscribe((event) => {
    if (!isServed(event.key)) return;
    const ours = isOurs(event.object, owner);
    // A pod that is not ours matters only where it stands in the way of one above.
    if (ours || upperPods.get(event.key)) podQueue.add(event.key);
    if (!ours || event.type !== 'deleted') return;
    for (const key of keysOfLowerPod(event.object, owner)) dependencyQueue.add(key);
  });
  upperNode.subscribe(() => nodeQueue.add(nodeName));

  for (const kind of ['ConfigMap', 'Secret'] as const) {
    dependencies[kind].upper.subscribe((event) => {
      const { namespace: of, name } = splitKey(event.key);
      const key = dependencyKey(kind, of, name);
      const users = upperPods.keysBy('dependency', key);
      if (users.size > 0) dependencyQueue.add(key);
      if (event.type === 'added') for (const pod of users) podQueue.add(pod);
    });
    dependencies[kind].copies.subscribe((event) => {
      if (!isServed(event.key)) return;
      const isWanted = upperPods.keysBy('dependency', keyOfCopy(kind, event.object, owner)).size > 0;
      if (isWanted || isOurs(event.object, owner)) addCopy(wiring, kind, event.object);
    });
  }
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

/** Whether a key is of the upper namespace that is served. */
export function servedBy(namespace: string | undefined): (key: string) => boolean {
  return (key) => namespace === undefined || splitKey(key).namespace === namespace;
}
