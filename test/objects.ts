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
  const cache = new Cache<Pod>({});
  const uids = new Map<string, Set<string>>();
  const states: Pod[] = [];
  cache.subscribe(({ object }) => {
    states.push(object);
    const key = keyBy(object);
    uids.set(key, (uids.get(key) ?? new Set()).add(object.metadata?.uid ?? ''));
  });
  const stopping = new AbortController();
  const reflector = new Reflector(client, pods, cache, { namespace });
  const running = reflector.run(stopping.signal);
  await reflector.synced;
  return {
    uids,
    states,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
