import { hasCode } from '../../kube/errors.ts';
import { findObject } from '../../kube/find-object.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../kube/resources.ts';
import type { PersistentVolumeClaim } from '../../kube/types.ts';
import { isOurs, upperUidOf } from '../../translate/marks.ts';
import type { StorageSync } from './storage-sync.ts';

/**
 * Deletes the lower claim of an upper one that went before there was a volume anywhere: it never was bound, so there
 * are no data, and its name is wanted. With a volume above that one decides.
 *
 * @param key namespace/name
 * @param upper the claim that has the name above now
 * @throws KubeError
 */
export async function removeEmptyClaim(
  storage: StorageSync,
  key: string,
  upper: PersistentVolumeClaim | undefined,
): Promise<void> {
  const { context, lowerClaims, volumes } = storage;
  const held = lowerClaims.get(key);
  const formerUid = held && isOurs(held, context.owner) ? upperUidOf(held) : undefined;
  if (!held || !formerUid || formerUid === upper?.metadata?.uid) return;
  if (!isEmpty(held) || volumes.keysBy('claim', formerUid).size > 0 || !context.isReachable()) return;
  const { namespace, name = '' } = held.metadata ?? {};
  const [above, volume, lower] = await Promise.all([
    findObject(context.upper, persistentVolumeClaims, { namespace, name }),
    findObject(context.upper, persistentVolumes, { name: `pvc-${formerUid}` }),
    findObject(context.lower, persistentVolumeClaims, { namespace, name }),
  ]);
  if (above?.metadata?.uid === formerUid || volume || !lower) return;
  if (lower.metadata?.uid !== held.metadata?.uid || !isEmpty(lower)) return;
  const { uid = '', resourceVersion } = lower.metadata ?? {};
  try {
    // Its version is the precondition: it may be bound in this moment.
    await context.lower.delete(persistentVolumeClaims, { namespace, name }, { uid, resourceVersion });
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
}

function isEmpty({ metadata, spec, status }: PersistentVolumeClaim): boolean {
  return !metadata?.deletionTimestamp && !spec?.volumeName && (status?.phase ?? 'Pending') === 'Pending';
}
