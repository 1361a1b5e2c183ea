import { keyOf } from '../../kube/resources.ts';
import type { PersistentVolumeClaim, Pod } from '../../kube/types.ts';
import { isOurs, upperUidOf } from '../../translate/marks.ts';
import type { Refusal } from '../../translate/refusal.ts';
import { notedLowerClaim } from '../../translate/storage/claim-note.ts';
import { claimKeysOf, claimNamesOf, ephemeralClaimsOf } from '../../translate/storage/claim-uses.ts';
import { volumeOf } from './claim-reconcile.ts';
import type { StorageSync } from './storage-sync.ts';

/**
 * Why a pod must wait for its volumes; undefined when all its claims are below, and are those of its own claims above.
 * A pod that went down without would find a claim of the lower cluster's own, or none.
 */
export function claimsRefusal(storage: StorageSync, pod: Pod): Refusal | undefined {
  const namespace = pod.metadata?.namespace ?? '';
  const own = new Set(ephemeralClaimsOf(pod));
  for (const name of claimNamesOf(pod)) {
    const key = `${namespace}/${name}`;
    const refusal = claimRefusalFor(storage, pod, key, own.has(name));
    if (!refusal) continue;
    storage.awaited.add(key);
    return refusal;
  }
  return undefined;
}

function claimRefusalFor(
  storage: StorageSync,
  pod: Pod,
  key: string,
  isEphemeral: boolean,
): Refusal | undefined {
  const claim = storage.claims.get(key);
  if (!claim || claim.metadata?.deletionTimestamp)
    return waiting(`claim ${key} is not there${claim ? ' any more: it is being deleted' : ' yet'}`);
  // As the kubelet asks it (volumeutil, IsVolumeForPod): another pod of the name may have left it.
  if (isEphemeral && !isControlledBy(claim, pod)) return waiting(`claim ${key} was not made for this pod`);
  if (claim.spec?.volumeName && !volumeOf(storage, claim) && !isKnownElsewhere(storage, claim))
    return waiting(`claim ${key} is not known to be on this virtual node yet`);
  if (isKnownElsewhere(storage, claim)) {
    const message = `claim ${key} is bound to volume "${claim.spec?.volumeName}", which is not on this virtual node`;
    return { reason: 'VolumeNotSupported', message };
  }
  const problem = storage.problems.get(key);
  if (problem && problem.uid === claim.metadata?.uid) return problem;
  return isBelow(storage, claim) ? undefined : waiting(`claim ${key} is not in the lower cluster yet`);
}

/** Why a pod with claims must wait while the claims of both clusters are not known: others need not. */
export function unknownRefusal({ awaited }: StorageSync, pod: Pod): Refusal | undefined {
  const keys = claimKeysOf(pod);
  for (const key of keys) awaited.add(key);
  return keys.length > 0 ? waiting('the claims of both clusters have not been listed yet') : undefined;
}

/** Looks again at the pods that wait for a claim, after it was reconciled. */
export function wakePods({ context, awaited }: StorageSync, key: string): void {
  if (!awaited.delete(key)) return;
  for (const pod of context.upperPods.keysBy('claim', key)) context.addPod(pod);
}

/** Whether the claim below is there and noted above. */
function isBelow({ lowerClaims, context }: StorageSync, claim: PersistentVolumeClaim): boolean {
  const lower = lowerClaims.get(keyOf(claim));
  return (
    lower !== undefined &&
    isOurs(lower, context.owner) &&
    upperUidOf(lower) === claim.metadata?.uid &&
    notedLowerClaim(claim) === lower.metadata?.uid
  );
}

/** Whether the volume is somebody else's: ours are named after their claim. */
function isKnownElsewhere(storage: StorageSync, claim: PersistentVolumeClaim): boolean {
  const name = claim.spec?.volumeName;
  return Boolean(name) && name !== `pvc-${claim.metadata?.uid}` && volumeOf(storage, claim) === undefined;
}

function isControlledBy(claim: PersistentVolumeClaim, pod: Pod): boolean {
  const { ownerReferences = [] } = claim.metadata ?? {};
  return ownerReferences.some(({ controller, uid }) => controller === true && uid === pod.metadata?.uid);
}

function waiting(message: string): Refusal {
  return { reason: 'VolumeNotReady', message };
}
