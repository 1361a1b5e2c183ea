import { hasCode } from '../../kube/errors.ts';
import { metaTime } from '../../kube/meta-time.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../kube/resources.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../kube/types.ts';
import { claimStatusPatch, type StorageProblem } from '../../translate/storage/claim-status.ts';
import { lowerVolumeAnnotation } from '../../translate/storage/storage-names.ts';
import { volumeChanges } from '../../translate/storage/volume-up.ts';
import { isRetained, readLowerVolume, retainBelow, volumeLost } from './lower-volume.ts';
import type { StorageSync } from './storage-sync.ts';

/** Brings the status of a lower claim up, and what is wrong with it; writes nothing when nothing differs. */
export async function claimStatusUp(
  storage: StorageSync,
  upper: PersistentVolumeClaim,
  lower: PersistentVolumeClaim | undefined,
  problem: StorageProblem | undefined,
): Promise<void> {
  const status = claimStatusPatch(upper, lower, problem, metaTime(storage.now()));
  if (!status) return;
  const { namespace, name = '', uid, resourceVersion } = upper.metadata ?? {};
  const patch = { metadata: { uid, resourceVersion }, status };
  try {
    storage.claims.apply(
      await storage.context.upper.patch(
        persistentVolumeClaims,
        { namespace, name, subresource: 'status' },
        patch,
      ),
    );
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
}

/**
 * Brings up what the volume below really is, and sees that it is kept where the one above is to be kept.
 *
 * @param volume the volume above, bound to the claim
 * @returns what is wrong with the volume below
 * @throws KubeError
 */
export async function volumeStatusUp(
  storage: StorageSync,
  volume: PersistentVolume,
  lower: PersistentVolumeClaim,
): Promise<StorageProblem | undefined> {
  const name = lower.spec?.volumeName;
  if (lower.status?.phase === 'Lost') return volumeLost(name);
  if (!name || lower.status?.phase !== 'Bound') return undefined;
  const isToBeKept = volume.spec?.persistentVolumeReclaimPolicy === 'Retain';
  const known = storage.lowerVolumes.get(name);
  const isTold =
    volume.metadata?.annotations?.[lowerVolumeAnnotation] === name &&
    volume.spec?.capacity?.['storage'] === lower.status.capacity?.['storage'];
  const isKept = !isToBeKept || isRetained(storage, known, volume);
  if (isTold && isKept) return undefined;
  const found = await readLowerVolume(storage, name);
  if (!found) return volumeLost(name);
  const real = isToBeKept ? await retainBelow(storage, found, volume) : found;
  const changes = volumeChanges(volume, real);
  if (!changes) return undefined;
  const { annotations, capacity } = changes;
  const { uid, name: upperName = '' } = volume.metadata ?? {};
  const patch = { metadata: { uid, annotations }, ...(capacity ? { spec: { capacity } } : {}) };
  storage.volumes.apply(await storage.context.upper.patch(persistentVolumes, { name: upperName }, patch));
  return undefined;
}
