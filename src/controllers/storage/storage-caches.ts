import type { ControllerContext } from '../../clusters/controller.ts';
import { Cache } from '../../kube/cache.ts';
import { persistentVolumeClaims, persistentVolumes, storageClasses } from '../../kube/resources.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import { Watches } from '../../kube/watches.ts';
import { virtualPodLabel } from '../../translate/names.ts';
import { virtualNodeLabelOfVolume } from '../../translate/storage/storage-names.ts';
import { reflectSide } from '../reflect.ts';

/** What one virtual node knows of its own volumes, and of the lower cluster's storage. */
export interface StorageCaches {
  /** The volumes above that are on this virtual node; the index `claim` finds them by the uid of their claim. */
  readonly volumes: Cache<PersistentVolume, 'claim'>;
  /** The claims below that bear the label of ours; their annotations say whether they are. */
  readonly lowerClaims: Cache<PersistentVolumeClaim>;
  readonly lowerClasses: Cache<StorageClass>;
}

/** Empty caches. */
export function createStorageCaches(): StorageCaches {
  const uidOfClaim = ({ spec }: PersistentVolume) => (spec?.claimRef?.uid ? [spec.claimRef.uid] : []);
  return {
    volumes: new Cache({ claim: uidOfClaim }),
    lowerClaims: new Cache({}),
    lowerClasses: new Cache({}),
  };
}

/** What fills them, by the cluster that is watched. */
export function createStorageWatches(
  { volumes, lowerClaims, lowerClasses }: StorageCaches,
  context: ControllerContext,
): Record<'upper' | 'lower', Watches> {
  const [above, below] = [reflectSide(context, 'upper'), reflectSide(context, 'lower')];
  const ours = { labelSelector: `${virtualNodeLabelOfVolume}=${context.owner.virtualNode}` };
  return {
    upper: new Watches([above(persistentVolumes, volumes, ours)]),
    lower: new Watches([
      below(persistentVolumeClaims, lowerClaims, { labelSelector: `${virtualPodLabel}=true` }),
      below(storageClasses, lowerClasses),
    ]),
  };
}
