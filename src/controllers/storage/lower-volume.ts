import { findObject } from '../../kube/find-object.ts';
import { persistentVolumes } from '../../kube/resources.ts';
import type { PersistentVolume } from '../../kube/types.ts';
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

/**
 * Sees that the lower cluster keeps the data when the claim there goes. Whether the volume is ours does not matter: it
 * is bound to a claim of ours.
 *
 * @throws KubeError
 */
export async function retainBelow(storage: StorageSync, volume: PersistentVolume): Promise<PersistentVolume> {
  const { name = '', uid } = volume.metadata ?? {};
  if (volume.spec?.persistentVolumeReclaimPolicy === 'Retain') return volume;
  const patch = { metadata: { uid }, spec: { persistentVolumeReclaimPolicy: 'Retain' } };
  const kept = await storage.context.lower.patch(persistentVolumes, { name }, patch);
  storage.lowerVolumes.set(name, kept);
  return kept;
}
