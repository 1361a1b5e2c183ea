import type { ControllerContext } from '../../clusters/controller.ts';
import { Cache } from '../../kube/cache.ts';
import { OptionalWatch } from '../../kube/optional-watch.ts';
import { serviceImports, splitKey } from '../../kube/resources.ts';
import type { Service, ServiceImport } from '../../kube/types.ts';
import type { ReconcileResult, WorkQueue } from '../../kube/work-queue.ts';
import { isOfUpperCluster } from '../../translate/marks.ts';
import { importDown, importToWrite } from '../../translate/services/import-down.ts';
import { controllerQueue } from '../controller-queue.ts';
import { LowerCopies } from './lower-copies.ts';
import type { LowerServices } from './lower-services.ts';

import { refusals } from './refusals.ts';
import type { ServicesView } from './services-view.ts';
import { namespaceOf } from './upper-services.ts';

/** ServiceImports of one lower cluster, as a part of the controller of its Services. */
export interface LowerImports {
  readonly watch: OptionalWatch<ServiceImport>;
  readonly queue: WorkQueue;
  /** Those of a namespace that came into use, or is used no more. */
  addNamespace(namespace: string): void;
  addEverything(): void;
  /** Lets go of the caches that others use too. */
  release(): void;
}

const workers = 2;

/**
 * Brings the ServiceImports above down to a lower cluster that serves them, as far as its namespaces are in use: with
 * the lower addresses of the Services that they name. A cluster that does not serve them gets none.
 */
export function lowerImports(
  context: ControllerContext,
  view: ServicesView,
  below: LowerServices,
): LowerImports {
  const { lower, owner, configuration, metrics, logger } = context;
  const { upper, use } = view;
  const cache = new Cache<ServiceImport, 'namespace'>({ namespace: namespaceOf });
  const refuse = refusals(context);
  const watch = new OptionalWatch({
    client: lower,
    resource: serviceImports,
    cache,
    namespace: undefined,
    onError: (message) => logger.warn({ message }, 'a watch failed and goes on'),
    observer: metrics?.watch('lower', serviceImports.plural),
    onServed: () => addEverything(),
  });
  const copies = new LowerCopies<ServiceImport>({
    lower,
    owner,
    resource: serviceImports,
    copies: cache,
    seesOthers: true,
    toWrite: importToWrite,
    onRefused: (key, refusal) => refuse(serviceImports, upper.imports.get(key), refusal),
  });
  const addressIn = (namespace: string) => (address: string) => {
    for (const key of upper.services.keysBy('namespace', namespace))
      if (addressesOf(upper.services.get(key)).includes(address))
        return addressesOf(view.services.held(key))[0];
    return undefined;
  };
  const reconcile = async (key: string): Promise<ReconcileResult> => {
    if (!view.isReachable() || !watch.isServed) return undefined;
    const { namespace } = splitKey(key);
    const found = use.has(namespace) ? upper.imports.get(key) : undefined;
    return copies.bring(key, found && importDown(found, owner, addressIn(namespace)));
  };
  const queue = controllerQueue(context, 'serviceimport', workers, reconcile);
  const isOurs = (key: string, copy: ServiceImport) =>
    isOfUpperCluster(copy, owner) &&
    (configuration.namespace === undefined || configuration.namespace === splitKey(key).namespace);
  const addNamespace = (namespace: string) => {
    for (const imports of [upper.imports, cache])
      for (const key of imports.keysBy('namespace', namespace)) queue.add(key);
  };
  const addEverything = () => {
    for (const [key, copy] of cache.entries()) if (isOurs(key, copy)) queue.add(key);
    for (const [key] of upper.imports.entries()) queue.add(key);
  };
  const releases = [
    upper.imports.subscribe(({ key }) => queue.add(key)),
    cache.subscribe(({ key, object }) => {
      if (isOurs(key, object) || upper.imports.get(key)) queue.add(key);
    }),
    below.services.subscribe((event) => {
      const { type, key, object } = event;
      const isSame = type === 'updated' && String(addressesOf(event.old)) === String(addressesOf(object));
      if (!isSame && upper.services.get(key)) addNamespace(splitKey(key).namespace);
    }),
  ];
  return {
    watch,
    queue,
    addNamespace,
    addEverything,
    release() {
      for (const letGo of releases) letGo();
    },
  };
}

function addressesOf(service: Service | undefined): string[] {
  const { clusterIP, clusterIPs = [] } = service?.spec ?? {};
  const all = clusterIPs.length > 0 ? clusterIPs : [clusterIP ?? ''];
  return all.filter((address) => address !== '' && address !== 'None');
}
