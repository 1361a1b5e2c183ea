import { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { Reflector, type ReflectorObserver, type ReflectorState } from '../../kube/reflector.ts';
import { persistentVolumeClaims, type Resource, storageClasses } from '../../kube/resources.ts';
import type { KubeObject, PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
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
  readonly #reflectors: readonly Reflector<KubeObject>[];

  constructor({ upper, namespace, onError, observe }: UpperStorageOptions) {
    const reflect = <T extends KubeObject>(resource: Resource<T>, cache: Cache<T, 'node'> | Cache<T>) =>
      new Reflector<T>(upper, resource, cache, {
        ...(resource.namespaced ? { namespace } : {}),
        onError,
        observer: observe(resource.plural),
      }) as Reflector<KubeObject>;
    this.#reflectors = [reflect(persistentVolumeClaims, this.claims), reflect(storageClasses, this.classes)];
  }

  /** How both watches stand. */
  states(): ReflectorState[] {
    return this.#reflectors.map(({ state }) => state);
  }

  /** Resolves when both are known; rejects when stopped before. */
  get synced(): Promise<unknown> {
    return Promise.all(this.#reflectors.map(({ synced }) => synced));
  }

  /** Watches until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.run(signal)));
  }
}
