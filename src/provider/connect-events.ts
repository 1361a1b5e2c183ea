import type { Cache } from '../kube/cache.ts';
import { keyOf, splitKey } from '../kube/resources.ts';
import type { KubeObject, Pod } from '../kube/types.ts';
import type { WorkQueue } from '../kube/work-queue.ts';
import { isOurs, type Owner } from '../translate/marks.ts';
import type { ProviderCaches } from './caches.ts';
import { type DependencyKind, dependencyKey, dependencyKeys } from './dependencies.ts';

export interface EventWiring {
  caches: ProviderCaches;
  owner: Owner;
  namespace: string | undefined;
  nodeName: string;
  podQueue: Pick<WorkQueue, 'add'>;
  dependencyQueue: Pick<WorkQueue, 'add'>;
  nodeQueue: Pick<WorkQueue, 'add'>;
}

/** Puts every key on its queue: after a time in which keys were passed over. */
export function addEverything({ caches, owner, namespace, podQueue, dependencyQueue }: EventWiring): void {
  const isServed = servedBy(namespace);
  for (const [key, pod] of caches.upperPods.entries()) {
    podQueue.add(key);
    for (const dependency of dependencyKeys(pod)) dependencyQueue.add(dependency);
  }
  for (const [key, pod] of caches.lowerPods.entries())
    if (isServed(key) && isOurs(pod, owner)) podQueue.add(key);
  for (const kind of ['ConfigMap', 'Secret'] as const) {
    for (const [key, copy] of caches.dependencies[kind].copies.entries()) {
      const { namespace: of, name } = splitKey(key);
      if (isServed(key) && isOurs(copy, owner)) dependencyQueue.add(dependencyKey(kind, of, name));
    }
  }
}

function servedBy(namespace: string | undefined): (key: string) => boolean {
  return (key) => namespace === undefined || splitKey(key).namespace === namespace;
}

/** Which change of which cache puts which key on which queue. Each costs only what changed. */
export function connectEvents({
  caches,
  owner,
  namespace,
  nodeName,
  podQueue,
  dependencyQueue,
  nodeQueue,
}: EventWiring): void {
  const { upperPods, lowerPods, upperNode, dependencies } = caches;
  const isServed = servedBy(namespace);
  const releaseDependencies = (pod: Pod) => {
    for (const key of dependencyKeys(pod)) dependencyQueue.add(key);
  };

  upperPods.subscribe((event) => {
    podQueue.add(event.key);
    if (event.type === 'deleted') releaseDependencies(event.object);
  });
  lowerPods.subscribe((event) => {
    if (!isServed(event.key)) return;
    const ours = isOurs(event.object, owner);
    if (ours && event.type === 'deleted') releaseDependencies(event.object);
    // A pod that is not ours matters only where it stands in the way of one above.
    if (ours || upperPods.get(event.key)) podQueue.add(event.key);
  });
  upperNode.subscribe(() => nodeQueue.add(nodeName));

  const connect = (kind: DependencyKind, upper: Cache<KubeObject>, copies: Cache<KubeObject>) => {
    const keyFor = (object: KubeObject) => {
      const { namespace = '', name } = splitKey(keyOf(object));
      return dependencyKey(kind, namespace, name);
    };
    upper.subscribe((event) => {
      const key = keyFor(event.object);
      const users = upperPods.keysBy('dependency', key);
      if (users.size > 0) dependencyQueue.add(key);
      if (event.type === 'added') for (const pod of users) podQueue.add(pod);
    });
    copies.subscribe((event) => {
      const key = keyFor(event.object);
      if (
        isServed(event.key) &&
        (isOurs(event.object, owner) || upperPods.keysBy('dependency', key).size > 0)
      ) {
        dependencyQueue.add(key);
      }
    });
  };
  for (const kind of ['ConfigMap', 'Secret'] as const) {
    connect(kind, dependencies[kind].upper, dependencies[kind].copies as Cache<KubeObject>);
  }
}
