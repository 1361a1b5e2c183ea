import type { Client } from '../kube/client.ts';
import { findObject } from '../kube/find-object.ts';
import { listAll } from '../kube/list-all.ts';
import { clusterRoleBindings, clusterRoles, secrets, serviceAccounts } from '../kube/resources.ts';
import { deleteObject, tokensBut } from './account.ts';
import { attempt } from './attempt.ts';
import { accountName, isOfJoining, type Joining, joinedLabel, madeByJoinAnnotation } from './names.ts';

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
