import type { LocalCluster } from '../hack/clusters/open.ts';
import { Cache } from '../src/kube/cache.ts';
import { Client, type ObjectName } from '../src/kube/client.ts';
import { loadConnection } from '../src/kube/connection.ts';
import { hasCode } from '../src/kube/errors.ts';
import { Reflector } from '../src/kube/reflector.ts';
import { keyOf, pods, type Resource } from '../src/kube/resources.ts';
import { Transport } from '../src/kube/transport.ts';
import type { KubeObject, Pod } from '../src/kube/types.ts';

/** A client of a cluster, for what is asked too often for a kubectl each time. */
export function clientOf(cluster: LocalCluster): Client {
  return new Client(new Transport(loadConnection(cluster.name, cluster.kubeconfig)));
}

/** The object, or undefined when there is none. */
export async function find<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  where: ObjectName,
): Promise<T | undefined> {
  return client.get(resource, where).catch((error: unknown) => {
    if (!hasCode(error, 'NotFound')) throw error;
    return undefined;
  });
}

/** Deletes the object, if there is one; the same one that was found. */
export async function remove<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  where: ObjectName,
  options: { readonly gracePeriodSeconds?: number } = {},
): Promise<void> {
  const found = await find(client, resource, where);
  if (found) await client.delete(resource, where, { uid: found.metadata?.uid ?? '', ...options });
}

/** Sees every pod of a cluster from now on, so that a test can tell what ever was. */
export interface Witness {
  /** The uids that each key has had: `namespace/name` unless told. */
  readonly uids: ReadonlyMap<string, ReadonlySet<string>>;
  /** Every state of every pod, in order. */
  readonly states: readonly Pod[];
  stop(): Promise<void>;
}

/** The keys under which there was more than one. */
export function madeTwice({ uids }: Pick<Witness, 'uids'>): string[] {
  return [...uids].filter(([, each]) => each.size > 1).map(([key]) => key);
}

/** Resolves when the first list is in. */
export async function watchPods(
  client: Client,
  namespace: string,
  keyBy: (pod: Pod) => string = keyOf,
): Promise<Witness> {
  const uids = new Map<string, Set<string>>();
  const states: Pod[] = [];
  const stop = await watchStates(client, pods, namespace, (pod) => {
    states.push(pod);
    const key = keyBy(pod);
    uids.set(key, (uids.get(key) ?? new Set()).add(pod.metadata?.uid ?? ''));
  });
  return { uids, states, stop };
}

/** Calls back with every state of every object, in order; resolves with what ends that when the first list is in. */
export async function watchStates<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  namespace: string,
  onState: (object: T) => void,
): Promise<() => Promise<void>> {
  const cache = new Cache<T>({});
  cache.subscribe(({ object }) => onState(object));
  const stopping = new AbortController();
  const reflector = new Reflector(client, resource, cache, { namespace });
  const running = reflector.run(stopping.signal);
  await reflector.synced;
  return async () => {
    stopping.abort();
    await running;
  };
}
