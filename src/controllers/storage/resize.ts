import { hasCode } from '../../kube/errors.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import type { PersistentVolumeClaim } from '../../kube/types.ts';
import { claimChanges } from '../../translate/storage/claim-down.ts';
import { type StorageSync, tellClaim } from './storage-sync.ts';

/** A size that the lower API server refused is tried again after this, in milliseconds. */
export const refusedSizeRetry = 60_000;

/**
 * Carries the size that is asked for down, and the class of its attributes. What the lower API server refuses is said
 * on the upper claim and tried again later.
 *
 * @returns whether it was refused
 * @throws KubeError
 */
export async function resizeBelow(
  storage: StorageSync,
  upper: PersistentVolumeClaim,
  lower: PersistentVolumeClaim,
): Promise<boolean> {
  const spec = claimChanges(upper, lower);
  if (!spec) return false;
  const { namespace, name = '', uid = '' } = lower.metadata ?? {};
  const text = JSON.stringify(spec);
  if (storage.refusedEdits.get(uid) === text) return true;
  try {
    const patch = { metadata: { uid }, spec };
    storage.lowerClaims.apply(
      await storage.context.lower.patch(persistentVolumeClaims, { namespace, name }, patch),
    );
    return false;
  } catch (error) {
    if (!hasCode(error, 'Forbidden', 'Invalid', 'BadRequest')) throw error;
    storage.refusedEdits.set(uid, text);
    tellClaim(storage, upper, 'Warning', { reason: 'VolumeResizeFailed', message: error.message });
    return true;
  }
}
