import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../kube/client.ts';
import { describeError } from '../kube/errors.ts';
import { findObject } from '../kube/find-object.ts';
import { listAll } from '../kube/list-all.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  keyOf,
  namespaces,
  pods,
  type Resource,
  secrets,
  serviceAccounts,
} from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import { isOurs, type Owner } from '../translate/marks.ts';
import { virtualPodLabel } from '../translate/names.ts';
import { deleteObject, tokensBut } from './account.ts';
import { accountName, isOfJoining, type Joining, joinedLabel, madeByJoinAnnotation } from './names.ts';

const mostNamed = 5;

/**
 * Deletes what the provider has made below for a virtual node, and nothing else: pods first, since they use the rest.
 *
 * @param end how long to wait for pods to end, in milliseconds since 1970
 * @returns a line for each kind of which something is left
 */
export async function removeCopies(lower: Client, owner: Owner, end: number): Promise<string[]> {
  const left: string[] = [];
  for (const resource of [pods, configMaps, secrets] as Resource<KubeObject>[]) {
    const remaining = await attempt(left, `the copies of ${resource.plural}`, async () => {
      for (;;) {
        const found = await copiesOf(lower, resource, owner);
        await Promise.all(found.filter(isNotEnding).map((copy) => deleteObject(lower, resource, copy)));
        if (found.length === 0 || Date.now() >= end) return found;
        await sleep(500);
      }
    });
    if (remaining?.length) left.push(`${resource.plural} that do not go: ${some(remaining)}`);
  }
  const made = await attempt(left, 'the namespaces', () => copiesOf(lower, namespaces, owner));
  if (made?.length)
    left.push(
      `namespaces that were made for pods, and may have other things in them by now: ${some(made)}; ` +
        `kubectl delete namespace ${made.map(keyOf).join(' ')}`,
    );
  return left;
}

/**
 * Deletes the account that `isthmus join` has made, and its roles with the last account that uses them.
 *
 * @returns a line for each thing that is left
 */
export async function removeAccount(lower: Client, joining: Joining): Promise<string[]> {
  const { namespace } = joining;
  const name = accountName(joining);
  const left: string[] = [];
  const byHand = (what: string) => `kubectl -n ${namespace} delete ${what}`;
  await attempt(left, `its rights (${byHand(`clusterrolebinding -l ${joinedLabel}=${joining.name}`)})`, () =>
    removeRights(lower, joining),
  );
  await attempt(left, `the service account ${name} (${byHand(`serviceaccount ${name}`)})`, async () => {
    const account = await findObject(lower, serviceAccounts, { namespace, name });
    if (account && isOfJoining(account, joining)) await deleteObject(lower, serviceAccounts, account);
  });
  // Last, for these may be the credentials with which we are here.
  await attempt(left, `its tokens (${byHand(`secret -l ${joinedLabel}=${joining.name}`)})`, async () => {
    for (const secret of await tokensBut(lower, joining)) await deleteObject(lower, secrets, secret);
  });
  return left;
}

async function removeRights(lower: Client, joining: Joining): Promise<void> {
  const { items: bindings } = await listAll(lower, clusterRoleBindings, {
    labelSelector: `${joinedLabel}=${joining.name}`,
  });
  const own = bindings.filter((binding) => isOfJoining(binding, joining));
  for (const binding of own) await deleteObject(lower, clusterRoleBindings, binding);
  const { items: uses } = await listAll(lower, clusterRoleBindings);
  for (const role of new Set(own.map(({ roleRef }) => roleRef.name))) {
    if (uses.some(({ roleRef }) => roleRef.name === role)) continue;
    const object = await findObject(lower, clusterRoles, { name: role });
    if (object?.metadata?.annotations?.[madeByJoinAnnotation])
      await deleteObject(lower, clusterRoles, object);
  }
}

async function copiesOf<T extends KubeObject>(
  lower: Client,
  resource: Resource<T>,
  owner: Owner,
): Promise<T[]> {
  const { items: found } = await listAll(lower, resource, { labelSelector: `${virtualPodLabel}=true` });
  return found.filter((object) => isOurs(object, owner));
}

/** What cannot be done is said, and the next thing is tried all the same. */
async function attempt<T>(left: string[], what: string, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    left.push(`${what}: ${describeError(error)}`);
    return undefined;
  }
}

function isNotEnding({ metadata }: KubeObject): boolean {
  return metadata?.deletionTimestamp === undefined;
}

function some(objects: readonly KubeObject[]): string {
  const more = objects.length - mostNamed;
  return objects.slice(0, mostNamed).map(keyOf).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
