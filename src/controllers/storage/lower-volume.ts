import { findObject } from '../../kube/find-object.ts';
import { persistentVolumes } from '../../kube/resources.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../kube/types.ts';
import { isOurs, marks, upperUidOf } from '../../translate/marks.ts';
import type { StorageProblem } from '../../translate/storage/claim-status.ts';
import { lowerVolumeAnnotation } from '../../translate/storage/storage-names.ts';
import type { StorageSync } from './storage-sync.ts';

/** The volume of the lower cluster of this name, asked now; undefined when there is none. @throws KubeError */
export async function readLowerVolume(
  { context, lowerVolumes }: StorageSync,
  name: string,
): Promise<PersistentVolume | undefined> {
  const volume = await findObject(context.lower, persistentVolumes, { name });
  if (volume) lowerVolumes.set(name, volume);
  else lowerVolumes.delete(name);
  return volume;
}

/** Whether the lower cluster keeps the data of a volume above when the claim there goes, and we find them again. */
export function isRetained(
  { context }: StorageSync,
  lower: PersistentVolume | undefined,
  upper: PersistentVolume,
): boolean {
  return (
    lower?.spec?.persistentVolumeReclaimPolicy === 'Retain' &&
    isOurs(lower, context.owner) &&
    upperUidOf(lower) === upper.metadata?.uid
  );
}

/**
 * Sees that the lower cluster keeps the data when the claim there goes. The volume below was not made by us, but is bound
 * to a claim of ours; our marks say that its data are those of the volume above.
 *
 * @throws KubeError
 */
export async function retainBelow(
  storage: StorageSync,
  lower: PersistentVolume,
  upper: PersistentVolume,
): Promise<PersistentVolume> {
  if (isRetained(storage, lower, upper)) return lower;
  const { name = '', uid } = lower.metadata ?? {};
  const ours = marks(storage.context.owner, upper.metadata?.uid ?? '');
  const patch = { metadata: { uid, ...ours }, spec: { persistentVolumeReclaimPolicy: 'Retain' } };
  const kept = await storage.context.lower.patch(persistentVolumes, { name }, patch);
  storage.lowerVolumes.set(name, kept);
  return kept;
}

/** The volume of a lower claim is not there. */
export function volumeLost(name: string | undefined): StorageProblem {
  return {
    reason: 'LowerVolumeLost',
    message: `the volume ${name ?? ''} of the claim in the lower cluster is gone; restore it there`,
  };
}

/**
 * The volume below that has the data of one above that was retained and is given to another claim: freed for that
 * claim. Undefined where there is none to be taken up again.
 *
 * @throws KubeError
 */
export async function takeUpRetained(
  storage: StorageSync,
  claim: PersistentVolumeClaim,
  upper: PersistentVolume | undefined,
): Promise<PersistentVolume | StorageProblem | undefined> {
  const name = upper?.metadata?.annotations?.[lowerVolumeAnnotation];
  if (!upper || !name || upper.spec?.persistentVolumeReclaimPolicy !== 'Retain') return undefined;
  const lower = await readLowerVolume(storage, name);
  if (!lower) return volumeLost(name);
  if (!isRetained(storage, lower, upper)) {
    const message = `volume ${name} in the lower cluster is not marked as kept for this claim; bind it there by hand`;
    return { reason: 'LowerVolumeNotOurs', message };
  }
  const { namespace, name: claimName } = claim.metadata ?? {};
  const { claimRef } = lower.spec ?? {};
  if (lower.status?.phase === 'Bound') {
    const message = `volume ${name} in the lower cluster is still bound to ${claimRef?.namespace}/${claimRef?.name}`;
    return { reason: 'PreviousClaimTerminating', message };
  }
  const wanted = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claimName };
  const isFree =
    claimRef?.uid === undefined && claimRef?.name === claimName && claimRef?.namespace === namespace;
  if (isFree) return lower;
  const { uid, resourceVersion } = lower.metadata ?? {};
  const patch = {
    metadata: { uid, resourceVersion },
    spec: { claimRef: { ...wanted, uid: null, resourceVersion: null } },
  };
  return storage.context.lower.patch(persistentVolumes, { name }, patch);
}
