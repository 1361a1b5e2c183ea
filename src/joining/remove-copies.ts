import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../kube/client.ts';
import { hasCode } from '../kube/errors.ts';
import { listAll } from '../kube/list-all.ts';
import {
  configMaps,
  endpointSlices,
  keyOf,
  namespaces,
  networkPolicies,
  persistentVolumeClaims,
  pods,
  type Resource,
  secrets,
  serviceImports,
  services,
} from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import { isOfUpperCluster, isOurs, type Owner } from '../translate/marks.ts';
import { virtualNodeAnnotation, virtualPodLabel } from '../translate/names.ts';
import { referencesOf } from '../translate/references.ts';
import { deleteObject } from './account.ts';
import { attempt } from './attempt.ts';

const mostNamed = 5;
/** What all pods of a namespace share. */
const ofNamespaces: readonly Resource<KubeObject>[] = [
  endpointSlices,
  services,
  networkPolicies,
  serviceImports,
];
/** What a provider makes only where somebody asked for it and gave the rights, or where it is served. */
const optional: ReadonlySet<string> = new Set([networkPolicies.kind, serviceImports.kind]);

/**
 * Deletes what the provider has made below for a virtual node, and nothing else: pods first, since they use the rest.
 * Virtual nodes of one upper cluster share config maps and secrets, services, their endpoints and imports, and network
 * policies: what pods of another name, or have in their namespace, goes over to that one.
 * Claims stay, for they have data, and are named.
 *
 * @param end how long to wait for pods to end, in milliseconds since 1970
 * @returns a line for each kind of which something is left
 */
export async function removeCopies(lower: Client, owner: Owner, end: number): Promise<string[]> {
  const left: string[] = [];
  await removeKind(left, lower, pods, owner, end, (found) =>
    Promise.all(found.map((copy) => deleteObject(lower, pods, copy))),
  );
  for (const resource of [...ofNamespaces, configMaps, secrets] as Resource<KubeObject>[])
    await removeKind(left, lower, resource, owner, end, async (found) => {
      // Asked each time: a pod that came since may use what it found there.
      const heirs = await usersOf(lower, resource, owner);
      await Promise.all(
        found.map((copy) => {
          const heir = heirs.get(keyOf(copy)) ?? heirs.get(`${copy.metadata?.namespace}/`);
          return heir === undefined
            ? deleteObject(lower, resource, copy, { unchanged: true })
            : handOver(lower, resource, copy, heir);
        }),
      );
    });
  const claims = await attempt(left, 'the claims', () => copiesOf(lower, persistentVolumeClaims, owner));
  if (claims?.length)
    left.push(
      `persistent volume claims, for they have data: ${some(claims)}; ` +
        'kubectl delete pvc -n NAMESPACE NAME',
    );
  const made = await attempt(left, 'the namespaces', () => copiesOf(lower, namespaces, owner));
  if (made?.length)
    left.push(
      `namespaces that were made for pods, and may have other things in them by now: ${some(made)}; ` +
        `kubectl delete namespace ${made.map(keyOf).join(' ')}`,
    );
  return left;
}

/** Does something with those of our objects that nobody deletes yet, until none is left or the time is over. */
async function removeKind<T extends KubeObject>(
  left: string[],
  lower: Client,
  resource: Resource<T>,
  owner: Owner,
  end: number,
  remove: (found: readonly T[]) => Promise<unknown>,
): Promise<void> {
  const remaining = await attempt(left, `the copies of ${resource.plural}`, async () => {
    for (;;) {
      const found = await copiesOf(lower, resource, owner);
      if (found.length > 0) await remove(found.filter(isNotEnding));
      if (found.length === 0 || Date.now() >= end) return found;
      await sleep(500);
    }
  });
  if (remaining?.length) left.push(`${resource.plural} that do not go: ${some(remaining)}`);
}

/**
 * Of what pods of other virtual nodes of the same upper cluster use, by key: the virtual node of one of them. What all
 * pods of a namespace use stands under the key without a name.
 */
async function usersOf(
  lower: Client,
  { kind }: Resource<KubeObject>,
  owner: Owner,
): Promise<Map<string, string>> {
  const { items } = await listAll(lower, pods, { labelSelector: `${virtualPodLabel}=true` });
  const users = new Map<string, string>();
  for (const pod of items) {
    if (!isOfUpperCluster(pod, owner) || isOurs(pod, owner)) continue;
    const virtualNode = pod.metadata?.annotations?.[virtualNodeAnnotation] ?? '';
    if (ofNamespaces.some((resource) => resource.kind === kind))
      users.set(`${pod.metadata?.namespace}/`, virtualNode);
    for (const reference of referencesOf(pod, { withToken: false }))
      if (reference.kind === kind) users.set(`${pod.metadata?.namespace}/${reference.name}`, virtualNode);
  }
  return users;
}

/** From now on it goes with the last pod of another virtual node. */
async function handOver<T extends KubeObject>(
  lower: Client,
  resource: Resource<T>,
  copy: T,
  virtualNode: string,
): Promise<void> {
  const annotations = { ...copy.metadata?.annotations, [virtualNodeAnnotation]: virtualNode };
  // By replace, for the account of the provider may not patch it; its version is the precondition.
  await lower
    .replace(resource, { ...copy, metadata: { ...copy.metadata, annotations } })
    .catch((error: unknown) => {
      if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
    });
}

async function copiesOf<T extends KubeObject>(
  lower: Client,
  resource: Resource<T>,
  owner: Owner,
): Promise<T[]> {
  const found = await labelled(lower, resource).catch((error: unknown) => {
    if (optional.has(resource.kind) && hasCode(error, 'NotFound', 'Forbidden')) return [];
    throw error;
  });
  return found.filter((object) => isOurs(object, owner));
}

async function labelled<T extends KubeObject>(lower: Client, resource: Resource<T>): Promise<T[]> {
  return (await listAll(lower, resource, { labelSelector: `${virtualPodLabel}=true` })).items;
}

function isNotEnding({ metadata }: KubeObject): boolean {
  return metadata?.deletionTimestamp === undefined;
}

function some(objects: readonly KubeObject[]): string {
  const more = objects.length - mostNamed;
  return objects.slice(0, mostNamed).map(keyOf).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
