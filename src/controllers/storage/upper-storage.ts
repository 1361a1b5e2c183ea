import { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { Reflector, type ReflectorObserver } from '../../kube/reflector.ts';
import { persistentVolumeClaims, type Resource, storageClasses } from '../../kube/resources.ts';
import type { KubeObject, PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import { Watches } from '../../kube/watches.ts';
import { selectedNodeOf } from '../../translate/storage/claim-place.ts';

export interface UpperStorageOptions {
  readonly upper: Client;
  /** The upper namespace to watch; all of them when undefined. */
  readonly namespace: string | undefined;
  readonly onError: (message: string) => void;
  readonly observe: (resource: string) => ReflectorObserver;
}

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

  constructor({ upper, namespace, onError, observe }: UpperStorageOptions) {
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
