import type { ControllerContext } from '../../clusters/controller.ts';
import { Cache } from '../../kube/cache.ts';
import { endpointSlices, services } from '../../kube/resources.ts';
import { slimMetadata } from '../../kube/slim-metadata.ts';
import type { EndpointSlice, Service } from '../../kube/types.ts';
import { Watches } from '../../kube/watches.ts';
import { isOfUpperCluster, upperUidOf } from '../../translate/marks.ts';
import { managedByLabel, sliceManager, upperApiUid } from '../../translate/names.ts';
import { withoutEndpoints } from '../../translate/services/slice-down.ts';
import { reflectSide } from '../reflect.ts';
import { namespaceOf, serviceKeyOf } from './upper-services.ts';

/** The Services of a lower cluster, of others only that they are there, and the EndpointSlices that are ours. */
export interface LowerServices {
  readonly services: Cache<Service, 'namespace'>;
  readonly slices: Cache<EndpointSlice, 'service'>;
  readonly watches: Watches;
}

/** Empty caches and what fills them; nothing is watched yet. */
export function createLowerServices(context: ControllerContext): LowerServices {
  const { owner } = context;
  // The one that leads to the upper API server has no Service above: it is the provider's own, and stays.
  const ours = (service: Service) =>
    isOfUpperCluster(service, owner) && upperUidOf(service) !== upperApiUid ? service : onlyName(service);
  const caches = {
    services: new Cache<Service, 'namespace'>({ namespace: namespaceOf }, ours),
    slices: new Cache<EndpointSlice, 'service'>({ service: serviceKeyOf }, withoutEndpoints),
  };
  const reflect = reflectSide(context, 'lower');
  const watches = new Watches([
    reflect(services, caches.services, { slim: ours }),
    reflect(endpointSlices, caches.slices, {
      slim: withoutEndpoints,
      labelSelector: `${managedByLabel}=${sliceManager}`,
    }),
  ]);
  return { ...caches, watches };
}

function onlyName(service: Service): Service {
  return { metadata: slimMetadata(service) };
}
