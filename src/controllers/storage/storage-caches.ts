import type { ControllerContext } from '../../clusters/controller.ts';
import { Cache } from '../../kube/cache.ts';
import { Reflector, type ReflectorCache } from '../../kube/reflector.ts';
import {
  persistentVolumeClaims,
  persistentVolumes,
  type Resource,
  storageClasses,
} from '../../kube/resources.ts';
import type { KubeObject, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import { Watches } from '../../kube/watches.ts';
import { virtualPodLabel } from '../../translate/names.ts';
import { virtualNodeLabelOfVolume } from '../../translate/storage/storage-names.ts';

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
  { upper, lower, owner, metrics, logger }: ControllerContext,
): Record<'upper' | 'lower', Watches> {
  const onError = (message: string) => logger.warn({ message }, 'a watch failed and goes on');
  const reflect = <T extends KubeObject>(
    side: 'upper' | 'lower',
    resource: Resource<T>,
    cache: ReflectorCache<T>,
    labelSelector?: string,
  ) =>
    new Reflector<T>(side === 'upper' ? upper : lower, resource, cache, {
      labelSelector,
      onError,
      observer: metrics?.watch(side, resource.plural),
    });
  return {
    upper: new Watches([
      reflect('upper', persistentVolumes, volumes, `${virtualNodeLabelOfVolume}=${owner.virtualNode}`),
    ]),
    lower: new Watches([
      reflect('lower', persistentVolumeClaims, lowerClaims, `${virtualPodLabel}=true`),
      reflect('lower', storageClasses, lowerClasses),
    ]),
  };
}
