import { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { Reflector } from '../../kube/reflector.ts';
import { configMaps, type Resource, secrets } from '../../kube/resources.ts';
import { slimMetadata } from '../../kube/slim-metadata.ts';
import type { KubeObject } from '../../kube/types.ts';
import { Watches } from '../../kube/watches.ts';
import type { NodeMetrics } from '../../metrics/node-metrics.ts';
import type { DependencyKind } from './dependency-keys.ts';

export interface UpperDependenciesOptions {
  readonly upper: Client;
  /** The upper namespace to watch; all of them when undefined. */
  readonly namespace: string | undefined;
  readonly onError: (message: string) => void;
  readonly metrics?: Pick<NodeMetrics, 'watch'> | undefined;
}

/** The ConfigMaps and Secrets above, by their metadata alone: one picture for all virtual nodes of a process. */
export class UpperDependencies {
  readonly caches: Readonly<Record<DependencyKind, Cache<KubeObject>>>;
  readonly watches: Watches;

  constructor({ upper, namespace, onError, metrics }: UpperDependenciesOptions) {
    const cache = () => new Cache<KubeObject>({}, onlyVersion);
    this.caches = { ConfigMap: cache(), Secret: cache() };
    const reflect = (resource: Resource<KubeObject>, into: Cache<KubeObject>) =>
      new Reflector<KubeObject>(upper, resource, into, {
        namespace,
        onError,
        metadataOnly: true,
        observer: metrics?.watch('upper', resource.plural),
      });
    this.watches = new Watches([
      reflect(configMaps, this.caches.ConfigMap),
      reflect(secrets, this.caches.Secret),
    ]);
  }
}

/** Of what may be copied only its version matters; kubectl keeps the data of a Secret in an annotation. */
function onlyVersion(object: KubeObject): KubeObject {
  return { metadata: slimMetadata(object) };
}
