import { Cache } from '../../kube/cache.ts';
import { Reflector } from '../../kube/reflector.ts';
import { persistentVolumeClaims, type Resource, storageClasses } from '../../kube/resources.ts';
import type { KubeObject, PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import { Watches } from '../../kube/watches.ts';
import { selectedNodeOf } from '../../translate/storage/claim-place.ts';
import type { PictureOptions } from '../shared-pictures.ts';

/** The claims and storage classes above: one picture for all virtual nodes of a process. */
export class UpperStorage {
  /** The index `node` finds claims by the node that was selected for them. */
  readonly claims = new Cache<PersistentVolumeClaim, 'node'>({
    node: (claim) => {
      const node = selectedNodeOf(claim);
      return node === undefined ? [] : [node];
    },
  });
  readonly classes = new Cache<StorageClass>({});
  readonly watches: Watches;

  constructor({ upper, namespace, onError, observe }: PictureOptions) {
    const reflect = <T extends KubeObject>(resource: Resource<T>, cache: Cache<T, 'node'> | Cache<T>) =>
      new Reflector<T>(upper, resource, cache, {
        ...(resource.namespaced ? { namespace } : {}),
        onError,
        observer: observe(resource.plural),
      });
    this.watches = new Watches([
      reflect(persistentVolumeClaims, this.claims),
      reflect(storageClasses, this.classes),
    ]);
  }
}
