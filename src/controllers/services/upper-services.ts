import { Cache } from '../../kube/cache.ts';
import { Reflector } from '../../kube/reflector.ts';
import { endpointSlices, services } from '../../kube/resources.ts';
import type { EndpointSlice, KubeObject, Service } from '../../kube/types.ts';
import { Watches } from '../../kube/watches.ts';
import { serviceNameLabel } from '../../translate/names.ts';
import { serviceNameOf } from '../../translate/services/slice-down.ts';
import type { PictureOptions } from '../shared-pictures.ts';

/** The Services above and their EndpointSlices: one picture for all virtual nodes of a process. */
export class UpperServices {
  readonly services = new Cache<Service, 'namespace'>({ namespace: namespaceOf });
  readonly slices = new Cache<EndpointSlice, 'service'>({ service: serviceKeyOf });
  readonly watches: Watches;

  constructor({ upper, namespace, onError, observe }: PictureOptions) {
    const common = { namespace, onError };
    this.watches = new Watches([
      new Reflector(upper, services, this.services, { ...common, observer: observe(services.plural) }),
      new Reflector(upper, endpointSlices, this.slices, {
        ...common,
        // Those of nobody reach nobody.
        labelSelector: serviceNameLabel,
        observer: observe(endpointSlices.plural),
      }),
    ]);
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
