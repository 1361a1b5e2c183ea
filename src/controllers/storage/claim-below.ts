import { hasCode, KubeError } from '../../kube/errors.ts';
import { findObject } from '../../kube/find-object.ts';
import { keyOf, persistentVolumeClaims } from '../../kube/resources.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../kube/types.ts';
import { isOfUpperCluster, isOurs, upperUidOf } from '../../translate/marks.ts';
import { claimDown } from '../../translate/storage/claim-down.ts';
import { lowerClaimNote, notedLowerClaim } from '../../translate/storage/claim-note.ts';
import type { StorageProblem } from '../../translate/storage/claim-status.ts';
import { lowerClaimAnnotation } from '../../translate/storage/storage-names.ts';
import { lowerClassFor } from './lower-class.ts';
import { takeUpRetained } from './lower-volume.ts';
import type { StorageSync } from './storage-sync.ts';

/** The lower claim, made and noted; or what is in its way, for how many milliseconds at least. */
export type ClaimBelow =
  | { readonly lower: PersistentVolumeClaim }
  | { readonly problem: StorageProblem; readonly again?: number };

/** A name that is taken below is looked at again after this, in milliseconds. */
const collisionRetry = 10_000;
const refusedRetry = 30_000;

/**
 * Sees that the lower claim of an upper one is there. It is made once: when it vanishes, so have its data, and an empty
 * one in its place would hide that.
 *
 * @param volume the volume above that the claim is bound to; it may have been retained from another claim
 * @throws KubeError when it may be tried again at once
 */
export async function claimBelow(
  storage: StorageSync,
  upper: PersistentVolumeClaim,
  volume?: PersistentVolume,
): Promise<ClaimBelow> {
  const { context, lowerClaims } = storage;
  const held = lowerClaims.get(keyOf(upper));
  if (held && isOurs(held, context.owner)) {
    return upperUidOf(held) === upper.metadata?.uid ? noted(storage, upper, held) : previous(held);
  }
  return notedLowerClaim(upper) === undefined ? make(storage, upper, volume) : lost(storage, upper);
}

/** Nothing uses a claim before the note of it stands above: until then it is empty, and may be made again. */
async function noted(
  storage: StorageSync,
  upper: PersistentVolumeClaim,
  lower: PersistentVolumeClaim,
): Promise<ClaimBelow> {
  const note = lowerClaimNote(upper, lower);
  if (upper.metadata?.annotations?.[lowerClaimAnnotation] !== note) {
    const { namespace, name = '', uid } = upper.metadata ?? {};
    const patch = { metadata: { uid, annotations: { [lowerClaimAnnotation]: note } } };
    storage.claims.apply(
      await storage.context.upper.patch(persistentVolumeClaims, { namespace, name }, patch),
    );
  }
  return { lower };
}

function previous({ metadata }: PersistentVolumeClaim): ClaimBelow {
  const advice = metadata?.deletionTimestamp ? '' : '; when no volume above stands for it, delete it there';
  const message = `an earlier claim ${metadata?.namespace}/${metadata?.name} is still there in the lower cluster${advice}`;
  return { problem: { reason: 'PreviousClaimTerminating', message }, again: collisionRetry };
}

async function make(
  storage: StorageSync,
  upper: PersistentVolumeClaim,
  volume: PersistentVolume | undefined,
): Promise<ClaimBelow> {
  const { context, lowerClaims } = storage;
  const { lower, owner, namespaces } = context;
  const { namespace = '', name = '' } = upper.metadata ?? {};
  const kept = await takeUpRetained(storage, upper, volume);
  if (kept && 'reason' in kept) return { problem: kept, again: refusedRetry };
  const below = kept ? { className: kept.spec?.storageClassName ?? '' } : lowerClassFor(storage, upper);
  if ('missing' in below)
    return { problem: { reason: 'StorageClassMissing', message: below.missing }, again: refusedRetry };
  let made: PersistentVolumeClaim;
  try {
    await namespaces.ensure(namespace);
    made = await lower.create(persistentVolumeClaims, claimDown(upper, owner, below.className, kept));
  } catch (error) {
    if (hasCode(error, 'NotFound')) namespaces.forget(namespace);
    if (hasCode(error, 'Forbidden', 'Invalid', 'BadRequest'))
      return {
        problem: { reason: 'LowerClusterRefused', message: error.message },
        again: refusedRetry,
      };
    if (!hasCode(error, 'AlreadyExists')) throw error;
    const found = await lower.get(persistentVolumeClaims, { namespace, name });
    if (!isOurs(found, owner)) return collision(storage, found);
    if (upperUidOf(found) !== upper.metadata?.uid) return previous(found);
    // Made by an attempt whose answer never came, and the watch lags.
    made = found;
  }
  lowerClaims.apply(made);
  return noted(storage, upper, made);
}

function collision({ context }: StorageSync, found: PersistentVolumeClaim): ClaimBelow {
  const { namespace, name } = found.metadata ?? {};
  const whose = isOfUpperCluster(found, context.owner) ? 'another virtual node' : 'the lower cluster itself';
  const message = `claim ${namespace}/${name} exists in the lower cluster and belongs to ${whose}`;
  return { problem: { reason: 'NameCollision', message }, again: collisionRetry };
}

/** It takes the lower API server's own word, and that it still is the same cluster. */
async function lost(storage: StorageSync, upper: PersistentVolumeClaim): Promise<ClaimBelow> {
  const { context, lowerClaims } = storage;
  const { namespace, name = '' } = upper.metadata ?? {};
  const found = await findObject(context.lower, persistentVolumeClaims, { namespace, name });
  if (found && isOurs(found, context.owner) && upperUidOf(found) === upper.metadata?.uid) {
    lowerClaims.apply(found);
    return noted(storage, upper, found);
  }
  if (!(await context.confirmReachable()))
    throw new KubeError(
      'Unreachable',
      `whether claim ${namespace}/${name} is lost is not known: the lower cluster does not answer, or is another`,
    );
  const message =
    `claim ${namespace}/${name} vanished from the lower cluster and is not made again, for it would be empty; ` +
    `restore it there, or accept the loss with: kubectl annotate pvc ${name} ${lowerClaimAnnotation}-`;
  return { problem: { reason: 'LowerClaimLost', message }, again: refusedRetry };
}
