import type { Controller, ControllerContext, StartController } from '../../clusters/controller.ts';
import { endpointSlices, services } from '../../kube/resources.ts';
import { parseLabelSelector } from '../../kube/selector.ts';
import type { EndpointSlice } from '../../kube/types.ts';
import { isOfUpperCluster, upperUidOf } from '../../translate/marks.ts';
import { readAddressMap } from '../../translate/services/address-map.ts';
import { serviceToWrite, withoutFamilies } from '../../translate/services/service-down.ts';
import { isSliceInStep } from '../../translate/services/slice-down.ts';
import { controllerQueue } from '../controller-queue.ts';
import { runController } from '../run-controller.ts';
import type { SharedPictures } from '../shared-pictures.ts';
import { connectServiceEvents } from './connect-service-events.ts';
import { reconcileEndpointSlice } from './endpoint-slice.ts';
import { inPlaceOf, LowerCopies } from './lower-copies.ts';
import { createLowerServices } from './lower-services.ts';
import { NamespaceUse } from './namespace-use.ts';
import { refusals } from './refusals.ts';
import { servedBy } from './served.ts';
import { reconcileService } from './service.ts';
import { lowerImports } from './service-imports.ts';
import type { ServicesView } from './services-view.ts';
import type { UpperServices } from './upper-services.ts';

/** Keys of one kind that are worked on at once. */
const workers = 8;

/**
 * The controllers that bring Services and EndpointSlices down; all virtual nodes that they are started for share what
 * is watched above.
 */
export function serviceControllers(shared: SharedPictures<UpperServices>): StartController {
  return (context) => startServices(shared, context);
}

function startServices(shared: SharedPictures<UpperServices>, context: ControllerContext): Controller {
  const { owner, configuration, lowerPods, logger } = context;
  const { network, podCidrMap, selector, system } = configuration.services;
  const { picture: upper, release } = shared.use(configuration.namespace);
  const below = createLowerServices(context);
  const served = servedBy(context);
  const use = new NamespaceUse({
    pods: lowerPods,
    isOurs: served.isOurs,
    onChange(namespace) {
      wiring.addNamespace(namespace);
      imports.addNamespace(namespace);
    },
  });
  const refuse = refusals(context);
  const view: ServicesView = {
    owner,
    network,
    choice: { requirements: parseLabelSelector(selector ?? ''), system: new Set(system) },
    addresses: readAddressMap(podCidrMap),
    upper,
    use,
    lowerPodOf({ kind, namespace, name, uid }) {
      const pod = kind === 'Pod' ? lowerPods.get(`${namespace}/${name}`) : undefined;
      return pod && isOfUpperCluster(pod, owner) && upperUidOf(pod) === uid ? pod : undefined;
    },
    services: new LowerCopies({
      ...context,
      resource: services,
      copies: below.services,
      seesOthers: true,
      toWrite: serviceToWrite,
      lesser: withoutFamilies,
      onRefused: (key, refusal) => refuse(services, upper.services.get(key), refusal),
    }),
    slices: new LowerCopies({
      ...context,
      resource: endpointSlices,
      copies: below.slices,
      seesOthers: false,
      toWrite: sliceToWrite,
      onRefused: (key, refusal) => refuse(endpointSlices, upper.slices.get(key), refusal),
    }),
    namespaces: context.namespaces,
    isReachable: context.isReachable,
  };
  const imports = lowerImports(context, view, below);
  const serviceQueue = controllerQueue(context, 'service', workers, (key) => reconcileService(view, key));
  const sliceQueue = controllerQueue(context, 'endpointslice', workers, (key) =>
    reconcileEndpointSlice(view, key),
  );
  const wiring = connectServiceEvents({ view, below, served, serviceQueue, sliceQueue });

  return runController({
    name: 'services',
    shared: upper.watches,
    lower: below.watches,
    news: imports.watch,
    queues: [serviceQueue, sliceQueue, imports.queue],
    addEverything() {
      wiring.addEverything();
      imports.addEverything();
    },
    onKnown: () => logger.info({ services: upper.services.size, network }, 'services go down'),
    release() {
      wiring.release();
      imports.release();
      use.stop();
      release();
    },
    logger,
  });
}

function sliceToWrite(desired: EndpointSlice, copy: EndpointSlice): EndpointSlice | 'recreate' | undefined {
  if (isSliceInStep(desired, copy)) return undefined;
  // The API server does not change the type of a slice that is there.
  return desired.addressType === copy.addressType ? inPlaceOf(desired, copy) : 'recreate';
}
