import { Cache } from '../../kube/cache.ts';
import { endpointSlices, services } from '../../kube/resources.ts';
import type { EndpointSlice, KubeObject, Service } from '../../kube/types.ts';
import { Watches } from '../../kube/watches.ts';
import { serviceNameLabel } from '../../translate/names.ts';
import { serviceNameOf } from '../../translate/services/slice-down.ts';
import { reflectFrom } from '../reflect.ts';
import type { PictureOptions } from '../shared-pictures.ts';

/** The Services above and their EndpointSlices: one picture for all virtual nodes of a process. */
export class UpperServices {
  readonly services = new Cache<Service, 'namespace'>({ namespace: namespaceOf });
  readonly slices = new Cache<EndpointSlice, 'service'>({ service: serviceKeyOf });
  readonly watches: Watches;

  constructor({ upper, namespace, ...told }: PictureOptions) {
    const reflect = reflectFrom(upper, told);
    this.watches = new Watches([
      reflect(services, this.services, { namespace }),
      // Those of nobody reach nobody.
      reflect(endpointSlices, this.slices, { namespace, labelSelector: serviceNameLabel }),
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
