import { hasCode } from '../../kube/errors.ts';
import { keyOf, persistentVolumeClaims, persistentVolumes } from '../../kube/resources.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import { claimRefusal } from '../../translate/storage/claim-down.ts';
import { selectedNodeOf } from '../../translate/storage/claim-place.ts';
import { selectedNodeAnnotation } from '../../translate/storage/storage-names.ts';
import { isVolumeOf, volumeNameOf, volumeUp } from '../../translate/storage/volume-up.ts';
import { lowerClassFor } from './lower-class.ts';
import { type StorageSync, tellClaim } from './storage-sync.ts';

/** The reason of an event on a claim for which no volume is made, as other provisioners call it. */
export const provisioningFailed = 'ProvisioningFailed';
/** A claim that cannot be provisioned is looked at again after this, in milliseconds. */
const retry = 30_000;

/**
 * Makes the volume above of an unbound claim: the upper scheduler binds the pod only after its claim is bound, while the
 * claim below may bind only once the pod is there.
 *
 * @param lower the volume below, where the claim is bound there already
 * @throws KubeError
 */
export async function provision(
  storage: StorageSync,
  claim: PersistentVolumeClaim,
  storageClass: StorageClass | undefined,
  lower?: PersistentVolume,
): Promise<ReconcileResult> {
  const { upper, owner } = storage.context;
  const refusal = claimRefusal(claim);
  if (refusal) return refuse(storage, claim, refusal);
  const below = lower ? undefined : lowerClassFor(storage, claim);
  if (below && 'missing' in below) {
    await giveBack(storage, claim);
    return refuse(storage, claim, below.missing);
  }
  storage.problems.delete(keyOf(claim));
  const volume = volumeUp(claim, storageClass, owner, lower);
  try {
    storage.volumes.apply(await upper.create(persistentVolumes, volume));
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) {
      if (hasCode(error, 'Invalid', 'Forbidden', 'BadRequest')) return refuse(storage, claim, error.message);
      throw error;
    }
    const found = await upper.get(persistentVolumes, { name: volumeNameOf(claim) });
    const isOurs = isVolumeOf(found, owner) && found.spec?.claimRef?.uid === claim.metadata?.uid;
    if (!isOurs)
      return refuse(storage, claim, `the volume ${volumeNameOf(claim)} is there already and is not ours`);
    storage.volumes.apply(found);
    return undefined;
  }
  const message = `made volume ${volumeNameOf(claim)} on virtual node ${owner.virtualNode}`;
  tellClaim(storage, claim, 'Normal', { reason: 'ProvisioningSucceeded', message });
  return undefined;
}

function refuse(storage: StorageSync, claim: PersistentVolumeClaim, message: string): ReconcileResult {
  const problem = { reason: provisioningFailed, message };
  storage.problems.set(keyOf(claim), { ...problem, uid: claim.metadata?.uid ?? '' });
  tellClaim(storage, claim, 'Warning', problem);
  return { requeueAfter: retry };
}

/** Another virtual node may be able to do it: without the annotation the scheduler chooses again. */
async function giveBack({ context, claims }: StorageSync, claim: PersistentVolumeClaim): Promise<void> {
  if (selectedNodeOf(claim) === undefined) return;
  const { namespace, name = '', uid, resourceVersion } = claim.metadata ?? {};
  const patch = { metadata: { uid, resourceVersion, annotations: { [selectedNodeAnnotation]: null } } };
  try {
    claims.apply(await context.upper.patch(persistentVolumeClaims, { namespace, name }, patch));
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
}
