import { Cache } from '../../kube/cache.ts';
import { OptionalWatch } from '../../kube/optional-watch.ts';
import {
  endpointSlices,
  type Resource,
  serviceExports,
  serviceImports,
  services,
} from '../../kube/resources.ts';
import type { EndpointSlice, KubeObject, Service, ServiceImport } from '../../kube/types.ts';
import { Watches } from '../../kube/watches.ts';
import { serviceNameLabel } from '../../translate/names.ts';
import { serviceNameOf } from '../../translate/services/slice-down.ts';
import { reflectFrom } from '../reflect.ts';
import type { PictureOptions } from '../shared-pictures.ts';

/**
 * The Services above, their EndpointSlices, and what the multi-cluster services API says of them where it is served:
 * one picture for all virtual nodes of a process.
 */
export class UpperServices {
  readonly services = new Cache<Service, 'namespace'>({ namespace: namespaceOf });
  readonly slices = new Cache<EndpointSlice, 'service'>({ service: serviceKeyOf });
  /** By the keys of the Services that are exported. */
  readonly exports = new Cache<KubeObject>({});
  readonly imports = new Cache<ServiceImport, 'namespace'>({ namespace: namespaceOf });
  readonly watches: Watches;

  constructor({ upper, namespace, ...told }: PictureOptions) {
    const reflect = reflectFrom(upper, told);
    const optional = <T extends KubeObject>(
      resource: Resource<T>,
      cache: Pick<Cache<T>, 'apply' | 'remove' | 'replace'>,
    ) =>
      new OptionalWatch({
        client: upper,
        resource,
        cache,
        namespace,
        onError: told.onError,
        observer: told.observe(resource.plural),
      });
    this.watches = new Watches(
      [
        reflect(services, this.services, { namespace }),
        // Those of nobody reach nobody.
        reflect(endpointSlices, this.slices, { namespace, labelSelector: serviceNameLabel }),
      ],
      [optional(serviceExports, this.exports), optional(serviceImports, this.imports)],
    );
  }
}

/** For an index of objects by their namespace. */
export function namespaceOf({ metadata }: KubeObject): string[] {
  return [metadata?.namespace ?? ''];
}

/** For an index of slices by the key of their Service. */
export function serviceKeyOf(slice: EndpointSlice): string[] {
  const name = serviceNameOf(slice);
  return name === undefined ? [] : [`${slice.metadata?.namespace}/${name}`];
}
