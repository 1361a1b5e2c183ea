import { hasCode } from '../../kube/errors.ts';
import { findObject } from '../../kube/find-object.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../kube/resources.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../kube/types.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import { isOurs, upperUidOf } from '../../translate/marks.ts';
import { volumeFinalizer } from '../../translate/storage/storage-names.ts';
import { isVolumeOf } from '../../translate/storage/volume-up.ts';
import { isRetained, readLowerVolume, retainBelow } from './lower-volume.ts';
import type { StorageSync } from './storage-sync.ts';

/** Between telling the lower cluster to keep a volume and deleting its claim, for its controllers to see it; ms. */
const retainPause = 5_000;
/** While a pod below still uses the claim, or an API server lags; the watch tells sooner, in milliseconds. */
const look = 30_000;

/**
 * Ends what a volume above stands for, once its claim above is gone: by the reclaim policy the data below are deleted
 * with their claim, or kept in their volume, of which the claim is then taken away. Data are deleted only because a
 * volume above says so, and never while a claim above of the uid that they were made for lives.
 *
 * @param name of the volume above
 * @throws KubeError
 */
export async function reconcileVolume(storage: StorageSync, name: string): Promise<ReconcileResult> {
  const held = storage.volumes.get(name);
  if (!held || !isToEnd(held) || !storage.context.reachability().reachable) return undefined;
  // Caches may lag: only what both API servers say now counts.
  const volume = await findObject(storage.context.upper, persistentVolumes, { name });
  if (!volume || volume.metadata?.uid !== held.metadata?.uid) return undefined;
  if (!isVolumeOf(volume, storage.context.owner) || !isToEnd(volume)) return undefined;
  if (await isNamedAbove(storage, volume)) return { requeueAfter: look };
  const left = await endBelow(storage, volume);
  if (left) return left;
  return letGo(storage, volume);
}

/** Released: its claim was there and is gone. A volume that is deleted while bound is held until then. */
function isToEnd({ status, metadata }: PersistentVolume): boolean {
  if (!metadata?.finalizers?.includes(volumeFinalizer) && metadata?.deletionTimestamp) return false;
  return status?.phase === 'Released' || status?.phase === 'Failed';
}

async function isNamedAbove({ context }: StorageSync, { spec }: PersistentVolume): Promise<boolean> {
  const { namespace, name = '', uid } = spec?.claimRef ?? {};
  // Somebody has cleared it to give the volume to another claim.
  if (!uid || !name) return true;
  const claim = await findObject(context.upper, persistentVolumeClaims, { namespace, name });
  return claim?.metadata?.uid === uid;
}

/** Resolves with undefined when nothing is left below. */
async function endBelow(storage: StorageSync, volume: PersistentVolume): Promise<ReconcileResult> {
  const { context, lowerClaims } = storage;
  const { namespace, name = '', uid: upperUid } = volume.spec?.claimRef ?? {};
  const lower = await findObject(context.lower, persistentVolumeClaims, { namespace, name });
  if (!lower || !isOurs(lower, context.owner) || upperUidOf(lower) !== upperUid) {
    // Gone for good only if this still is the cluster that had it.
    return (await context.confirmReachable()) ? undefined : { requeueAfter: look };
  }
  lowerClaims.apply(lower);
  if (lower.metadata?.deletionTimestamp) return { requeueAfter: look };
  if (volume.spec?.persistentVolumeReclaimPolicy !== 'Delete') {
    const pause = await keepData(storage, volume, lower);
    if (pause) return pause;
  }
  const { uid = '' } = lower.metadata ?? {};
  try {
    const left = await context.lower.delete(persistentVolumeClaims, { namespace, name }, { uid });
    // With nobody's finalizer on it the answer is a Status.
    if (left.metadata?.uid === uid) lowerClaims.apply(left);
  } catch (error) {
    if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
  }
  return { requeueAfter: 1_000 };
}

async function keepData(
  storage: StorageSync,
  upper: PersistentVolume,
  { spec }: PersistentVolumeClaim,
): Promise<ReconcileResult> {
  const lower = spec?.volumeName ? await readLowerVolume(storage, spec.volumeName) : undefined;
  if (!lower || isRetained(storage, lower, upper)) return undefined;
  await retainBelow(storage, lower, upper);
  return { requeueAfter: retainPause };
}

/** A volume that is to be kept stays above too, until somebody deletes it. */
async function letGo(storage: StorageSync, volume: PersistentVolume): Promise<undefined> {
  const { upper } = storage.context;
  const { name = '', uid = '', resourceVersion, finalizers = [], deletionTimestamp } = volume.metadata ?? {};
  const isKept = volume.spec?.persistentVolumeReclaimPolicy !== 'Delete';
  if (isKept && !deletionTimestamp) return undefined;
  try {
    const left = finalizers.filter((finalizer) => finalizer !== volumeFinalizer);
    if (left.length < finalizers.length) {
      const patch = { metadata: { uid, resourceVersion, finalizers: left.length > 0 ? left : null } };
      await upper.patch(persistentVolumes, { name }, patch);
    }
    if (!deletionTimestamp) await upper.delete(persistentVolumes, { name }, { uid });
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
  return undefined;
}
