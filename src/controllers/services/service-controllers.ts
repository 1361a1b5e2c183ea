import type { Controller, ControllerContext, StartController } from '../../clusters/controller.ts';
import { describeError, hasCode } from '../../kube/errors.ts';
import { endpointSlices, services } from '../../kube/resources.ts';
import { parseLabelSelector } from '../../kube/selector.ts';
import type { EndpointSlice } from '../../kube/types.ts';
import { type ReconcileResult, WorkQueue } from '../../kube/work-queue.ts';
import { isOfUpperCluster, upperUidOf } from '../../translate/marks.ts';
import { readAddressMap } from '../../translate/services/address-map.ts';
import { serviceToWrite, withoutFamilies } from '../../translate/services/service-down.ts';
import { isSliceInStep } from '../../translate/services/slice-down.ts';
import { connectServiceEvents } from './connect-service-events.ts';
import { reconcileEndpointSlice } from './endpoint-slice.ts';
import { inPlaceOf, LowerCopies } from './lower-copies.ts';
import { createLowerServices } from './lower-services.ts';
import { NamespaceUse } from './namespace-use.ts';
import { refusals } from './refusals.ts';
import { reconcileService } from './service.ts';
import { lowerImports } from './service-imports.ts';
import type { ServicesView } from './services-view.ts';
import type { SharedPictures } from './shared-pictures.ts';
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
  const { owner, configuration, lowerPods, metrics, logger } = context;
  const { network, podCidrMap, selector, system } = configuration.services;
  const { picture: upper, release } = shared.use(configuration.namespace);
  const below = createLowerServices(context);
  const isServed = (namespace: string | undefined) =>
    configuration.namespace === undefined || configuration.namespace === namespace;
  const use = new NamespaceUse({
    pods: lowerPods,
    isOurs: (pod) => isOfUpperCluster(pod, owner) && isServed(pod.metadata?.namespace),
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
  const queueOf = (kind: string, reconcile: (view: ServicesView, key: string) => Promise<ReconcileResult>) =>
    new WorkQueue({
      workers,
      reconcile: (key) => reconcile(view, key),
      onError(key, error) {
        if (hasCode(error, 'Aborted')) return;
        logger.warn({ [kind]: key, message: describeError(error) }, `a ${kind} is tried again`);
      },
      observer: metrics?.queue(kind),
    });
  const serviceQueue = queueOf('service', reconcileService);
  const sliceQueue = queueOf('endpointslice', reconcileEndpointSlice);
  const queues = [serviceQueue, sliceQueue, imports.queue];
  const wiring = connectServiceEvents({ view, below, isServed, serviceQueue, sliceQueue });

  const stopping = new AbortController();
  const running = [...below.reflectors, imports.watch].map((one) => one.run(stopping.signal));
  const begin = async () => {
    await Promise.all([upper.synced, ...below.reflectors.map(({ synced }) => synced)]);
    if (stopping.signal.aborted) return;
    wiring.addEverything();
    imports.addEverything();
    for (const queue of queues) queue.start();
    logger.info({ services: upper.services.size, network }, 'services go down');
  };
  begin().catch((error: unknown) =>
    logger.debug({ message: describeError(error) }, 'services stopped before they were known'),
  );

  return {
    get watches() {
      return [
        ...upper.states().map((state) => ({ side: 'upper' as const, ...state })),
        ...[...below.reflectors.map(({ state }) => state), ...imports.watch.states()].map((state) => ({
          side: 'lower' as const,
          ...state,
        })),
      ];
    },
    reconnect() {
      for (const watch of [...below.reflectors, imports.watch]) watch.reconnect();
      wiring.addEverything();
      imports.addEverything();
    },
    async stop() {
      wiring.release();
      imports.release();
      use.stop();
      release();
      await Promise.all(queues.map((queue) => queue.stop()));
      stopping.abort();
      await Promise.all(running);
    },
  };
}

function sliceToWrite(desired: EndpointSlice, copy: EndpointSlice): EndpointSlice | 'recreate' | undefined {
  if (isSliceInStep(desired, copy)) return undefined;
  // The API server does not change the type of a slice that is there.
  return desired.addressType === copy.addressType ? inPlaceOf(desired, copy) : 'recreate';
}
