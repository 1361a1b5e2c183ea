import { Cache } from '../../kube/cache.ts';
import { persistentVolumeClaims, storageClasses } from '../../kube/resources.ts';
import type { PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import { Watches } from '../../kube/watches.ts';
import { selectedNodeOf } from '../../translate/storage/claim-place.ts';
import { reflectFrom } from '../reflect.ts';
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

  constructor({ upper, namespace, ...told }: PictureOptions) {
    const reflect = reflectFrom(upper, told);
    this.watches = new Watches([
      reflect(persistentVolumeClaims, this.claims, { namespace }),
      reflect(storageClasses, this.classes),
    ]);
  }
}
