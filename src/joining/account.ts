import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../kube/client.ts';
import { hasCode, KubeError } from '../kube/errors.ts';
import { findObject } from '../kube/find-object.ts';
import { listAll } from '../kube/list-all.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  namespaces,
  type Resource,
  secrets,
  serviceAccounts,
} from '../kube/resources.ts';
import type { ClusterRole, KubeObject, Secret } from '../kube/types.ts';
import {
  accountName,
  fieldManager,
  isOfJoining,
  type Joining,
  joinedLabel,
  joiningMarks,
  madeByJoinAnnotation,
} from './names.ts';

/** What reads a token Secret: its account. */
const accountAnnotation = 'kubernetes.io/service-account.name';
/** The API server dates this label when a token is used (LegacyServiceAccountTokenTracking, since 1.28). */
const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';
/** The token controller answers at once or is not there. In milliseconds. */
const tokenWait = 30_000;

/** Makes the account below and gives it the roles; what is there already stays as it is. @throws KubeError */
export async function makeAccount(
  lower: Client,
  joining: Joining,
  roles: readonly ClusterRole[],
): Promise<void> {
  const { namespace } = joining;
  const name = accountName(joining);
  const marks = joiningMarks(joining);
  const shared = { annotations: { [madeByJoinAnnotation]: fieldManager } };
  await createUnlessThere(lower, namespaces, { metadata: { name: namespace, ...shared } });
  await lower.apply(serviceAccounts, { metadata: { name, namespace, ...marks } }, fieldManager);
  for (const role of roles) {
    const roleName = role.metadata?.name ?? '';
    await createUnlessThere(lower, clusterRoles, { ...role, metadata: { name: roleName, ...shared } });
    await lower.apply(clusterRoles, { metadata: { name: roleName }, rules: role.rules ?? [] }, fieldManager);
    const binding = {
      metadata: { name: bindingName(joining, roleName), ...marks },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: roleName },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    };
    await lower.apply(clusterRoleBindings, binding, fieldManager);
  }
}

/**
 * Makes one more token of the account, which counts until its Secret is deleted.
 *
 * @throws KubeError `ServerError` when the lower cluster does not fill it
 */
export async function makeToken(lower: Client, joining: Joining): Promise<{ name: string; token: string }> {
  const { namespace } = joining;
  const name = `${accountName(joining)}-${randomBytes(3).toString('hex')}`;
  const marks = joiningMarks(joining);
  const annotations = { ...marks.annotations, [accountAnnotation]: accountName(joining) };
  await lower.create<Secret>(secrets, {
    metadata: { name, namespace, ...marks, annotations },
    type: 'kubernetes.io/service-account-token',
  });
  for (const end = Date.now() + tokenWait; Date.now() < end; await sleep(200)) {
    const { data } = await lower.get(secrets, { namespace, name });
    if (data?.['token']) return { name, token: Buffer.from(data['token'], 'base64').toString() };
  }
  throw new KubeError(
    'ServerError',
    `the lower cluster does not fill the token secret ${namespace}/${name}: is its kube-controller-manager running?`,
  );
}

/** Whether somebody has come with this token. @throws KubeError */
export async function isTokenUsed(lower: Client, joining: Joining, name: string): Promise<boolean> {
  const { metadata } = await lower.get(secrets, { namespace: joining.namespace, name });
  return metadata?.labels?.[lastUsedLabel] !== undefined;
}

/** The Secrets with tokens of the account, but for the one of this name. @throws KubeError */
export async function tokensBut(lower: Client, joining: Joining, name?: string): Promise<Secret[]> {
  const { namespace } = joining;
  const labelSelector = `${joinedLabel}=${joining.name}`;
  const { items: found } = await listAll(lower, secrets, { namespace, labelSelector });
  return found.filter((secret) => isOfJoining(secret, joining) && secret.metadata?.name !== name);
}

/** The name of a binding, another for each role. */
function bindingName(joining: Joining, role: string): string {
  return `${accountName(joining)}:${role}`;
}

/**
 * Deletes exactly this object; that it is gone already is no failure.
 *
 * @param unchanged only as it was read; one that has changed since stays, which is no failure either
 * @throws KubeError
 */
export async function deleteObject<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  { unchanged = false } = {},
): Promise<void> {
  const { namespace, name = '', uid = '', resourceVersion } = object.metadata ?? {};
  const expected = unchanged ? { uid, resourceVersion } : { uid };
  await client.delete(resource, { namespace, name }, expected).catch((error: unknown) => {
    if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
  });
}

async function createUnlessThere<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
): Promise<void> {
  if (await findObject(client, resource, { name: object.metadata?.name ?? '' })) return;
  await client.create(resource, object).catch((error: unknown) => {
    if (!hasCode(error, 'AlreadyExists')) throw error;
  });
}
