import { hasCode, KubeError } from '../../kube/errors.ts';
import { secrets, serviceAccountTokens } from '../../kube/resources.ts';
import type { Pod, Secret } from '../../kube/types.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import { isOfUpperCluster, isOurs, upperUidOf } from '../../translate/marks.ts';
import { isFinished, notedLowerUid } from '../../translate/pod-status.ts';
import type { Refusal } from '../../translate/refusal.ts';
import { type TokenNeed, tokenNeeds, tokenSecretName } from '../../translate/service-account.ts';
import { type MintedToken, tokenSecret, untilRefresh } from '../../translate/token-secret.ts';
import type { PodSync } from './pod-sync.ts';

/** Either the tokens are there until they must be renewed, or why they are not to be had. */
export type TokensState = { renewal: ReconcileResult } | { refusal: Refusal };

/**
 * Sees that the tokens a pod mounts stand in a Secret below, minted above and bound to the upper pod, so that they
 * die with it.
 *
 * @throws KubeError when it may be tried again at once
 */
export async function prepareTokens(sync: PodSync, upper: Pod): Promise<TokensState> {
  const needs = sync.down.serviceAccounts === 'upper' ? tokenNeeds(upper) : [];
  if (needs.length === 0) return { renewal: undefined };
  const { namespace = '', uid = '' } = upper.metadata ?? {};
  const now = sync.now().getTime();
  let secret = sync.lowerSecrets.get(`${namespace}/${tokenSecretName(uid)}`);
  if (!secret || untilRefresh(secret, now) <= 0) {
    let tokens: MintedToken[];
    try {
      tokens = await Promise.all(needs.map((need) => mint(sync, upper, need)));
    } catch (error) {
      if (!hasCode(error, 'NotFound', 'Forbidden', 'Invalid', 'BadRequest')) throw error;
      const message = `no token of the service account could be had above: ${error.message}`;
      return { refusal: { reason: 'ServiceAccountTokenRefused', message } };
    }
    secret = await write(sync, tokenSecret(upper, sync.owner, tokens), secret);
    sync.lowerSecrets.apply(secret);
  }
  return { renewal: { requeueAfter: Math.max(1_000, untilRefresh(secret, now)) } };
}

/**
 * Deletes Secrets with tokens of pods of this name that are gone, above or below.
 *
 * @param key namespace/name of the pods
 * @param evenWaiting also those of a pod that has yet to go down
 */
export async function dropTokens(
  sync: PodSync,
  key: string,
  { evenWaiting = false }: { evenWaiting?: boolean } = {},
): Promise<void> {
  const upper = sync.upperPods.get(key);
  const lower = sync.lowerPods.get(key);
  const users = [
    lower && upperUidOf(lower),
    !evenWaiting && upper && isToGoDown(upper) && upper.metadata?.uid,
  ];
  for (const secret of [...sync.lowerSecrets.by('pod', key)]) {
    if (!isOurs(secret, sync.owner) || users.includes(upperUidOf(secret))) continue;
    const { namespace, name = '', uid = '' } = secret.metadata ?? {};
    await sync.lower.delete(secrets, { namespace, name }, { uid }).catch((error: unknown) => {
      if (!hasCode(error, 'NotFound')) throw error;
    });
    sync.lowerSecrets.remove(secret);
  }
}

/** A pod that was below and is there no more never goes down again. */
function isToGoDown(upper: Pod): boolean {
  return !isFinished(upper) && notedLowerUid(upper) === undefined;
}

async function mint(sync: PodSync, upper: Pod, need: TokenNeed): Promise<MintedToken> {
  const { namespace, name = '', uid } = upper.metadata ?? {};
  const account = upper.spec?.serviceAccountName ?? 'default';
  const mintedAt = sync.now().getTime();
  const { status } = await sync.upper.createSubresource(
    serviceAccountTokens,
    { namespace, name: account },
    {
      spec: {
        audiences: need.audience === '' ? [] : [need.audience],
        expirationSeconds: need.expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid: uid ?? '' },
      },
    },
  );
  const expiresAt =
    Date.parse(status?.expirationTimestamp ?? '') || mintedAt + need.expirationSeconds * 1_000;
  return { need, token: status?.token ?? '', mintedAt, expiresAt };
}

async function write(sync: PodSync, secret: Secret, old: Secret | undefined): Promise<Secret> {
  const { namespace = '', name = '' } = secret.metadata ?? {};
  if (!old) {
    await sync.namespaces.ensure(namespace);
    try {
      return await sync.lower.create(secrets, secret);
    } catch (error) {
      if (!hasCode(error, 'AlreadyExists')) throw error;
    }
  }
  const current = await sync.lower.get(secrets, { namespace, name });
  if (!isOfUpperCluster(current, sync.owner)) {
    throw new KubeError('Conflict', `secret "${name}" exists in the lower cluster and is not ours`);
  }
  const { uid = '', resourceVersion = '' } = current.metadata ?? {};
  return sync.lower.replace(secrets, { ...secret, metadata: { ...secret.metadata, uid, resourceVersion } });
}
