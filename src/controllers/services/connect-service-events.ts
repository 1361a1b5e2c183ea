import { splitKey } from '../../kube/resources.ts';
import type { WorkQueue } from '../../kube/work-queue.ts';
import { isOfUpperCluster } from '../../translate/marks.ts';
import type { LowerServices } from './lower-services.ts';
import type { Served } from './served.ts';
import { systemNamespace } from './service.ts';
import type { ServicesView } from './services-view.ts';
import { serviceKeyOf } from './upper-services.ts';

export interface ServiceWiring {
  readonly view: ServicesView;
  readonly below: LowerServices;
  readonly served: Served;
  readonly serviceQueue: Pick<WorkQueue, 'add'>;
  readonly sliceQueue: Pick<WorkQueue, 'add'>;
}

export interface ServiceEvents {
  /** A namespace came into use, or is used no more. */
  addNamespace(namespace: string): void;
  /** Every key: at the start, and after a time in which keys were passed over. */
  addEverything(): void;
  /** Lets go of the caches that others use too. */
  release(): void;
}

/** Which change of which cache puts which key on which queue. Each costs only what changed. */
export function connectServiceEvents(wiring: ServiceWiring): ServiceEvents {
  const { view, below, served, serviceQueue, sliceQueue } = wiring;
  const { upper, use, owner } = view;
  let wasAny = use.isAny;

  /** Nobody asks for Services of namespaces in which nothing of ours is and nothing may come. */
  const isOfInterest = (service: string) => {
    const { namespace } = splitKey(service);
    return use.has(namespace) || namespace === systemNamespace || upper.exports.get(service) !== undefined;
  };
  const addSlicesOf = (service: string) => {
    for (const key of upper.slices.keysBy('service', service)) sliceQueue.add(key);
    for (const key of below.slices.keysBy('service', service)) sliceQueue.add(key);
  };
  const addServicesIn = (namespace: string) => {
    for (const cache of [upper.services, below.services])
      for (const key of cache.keysBy('namespace', namespace)) {
        serviceQueue.add(key);
        addSlicesOf(key);
      }
  };

  const releases = [
    upper.services.subscribe(({ type, key }) => {
      if (!below.services.get(key) && !isOfInterest(key)) return;
      serviceQueue.add(key);
      // Whether it has a selector, or a type that has endpoints, may have changed.
      if (type === 'updated') addSlicesOf(key);
    }),
    upper.slices.subscribe((event) => {
      if (below.slices.get(event.key) || serviceKeyOf(event.object).some(isOfInterest))
        sliceQueue.add(event.key);
    }),
    upper.exports.subscribe(({ key }) => {
      serviceQueue.add(key);
      addSlicesOf(key);
    }),
    below.services.subscribe((event) => {
      const { type, key, object } = event;
      // Another's concerns us only where it stands in the way, or did.
      if (!isOfUpperCluster(object, owner) && !upper.services.get(key)) return;
      if (!served.isServed(splitKey(key).namespace)) return;
      serviceQueue.add(key);
      const isSame =
        type === 'updated' && isOfUpperCluster(event.old, owner) === isOfUpperCluster(object, owner);
      if (!isSame) addSlicesOf(key);
    }),
    below.slices.subscribe(({ key, object }) => {
      if (served.isOurs(object)) sliceQueue.add(key);
    }),
  ];

  return {
    addNamespace(namespace) {
      addServicesIn(namespace);
      if (wasAny !== use.isAny) addServicesIn(systemNamespace);
      wasAny = use.isAny;
    },
    addEverything() {
      for (const [key, copy] of below.services.entries()) if (served.isOurs(copy)) serviceQueue.add(key);
      for (const [key, copy] of below.slices.entries()) if (served.isOurs(copy)) sliceQueue.add(key);
      for (const [key] of upper.services.entries()) if (isOfInterest(key)) serviceQueue.add(key);
      for (const [key, slice] of upper.slices.entries())
        if (serviceKeyOf(slice).some(isOfInterest)) sliceQueue.add(key);
    },
    release() {
      for (const release of releases) release();
    },
  };
}
