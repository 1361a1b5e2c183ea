import { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { Reflector, type ReflectorObserver, type ReflectorState } from '../../kube/reflector.ts';
import {
  endpointSlices,
  type Resource,
  serviceExports,
  serviceImports,
  services,
} from '../../kube/resources.ts';
import type { EndpointSlice, KubeObject, Service, ServiceImport } from '../../kube/types.ts';
import { serviceNameLabel } from '../../translate/names.ts';
import { serviceNameOf } from '../../translate/services/slice-down.ts';
import { OptionalWatch } from './optional-watch.ts';

export interface UpperServicesOptions {
  readonly upper: Client;
  /** The upper namespace to watch; all of them when undefined. */
  readonly namespace: string | undefined;
  readonly onError: (message: string) => void;
  readonly observe: (resource: string) => ReflectorObserver;
}

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
  readonly #optional: readonly OptionalWatch<KubeObject>[];
  readonly #reflectors: readonly Reflector<KubeObject>[];

  constructor({ upper, namespace, onError, observe }: UpperServicesOptions) {
    const common = { namespace, onError };
    const optional = <T extends KubeObject>(resource: Resource<T>, cache: Cache<T>) =>
      new OptionalWatch({ ...common, client: upper, resource, cache, observer: observe(resource.plural) });
    this.#optional = [
      optional(serviceExports, this.exports),
      optional(serviceImports, this.imports as Cache<ServiceImport>),
    ] as unknown as OptionalWatch<KubeObject>[];
    this.#reflectors = [
      new Reflector(upper, services, this.services, { ...common, observer: observe(services.plural) }),
      new Reflector(upper, endpointSlices, this.slices, {
        ...common,
        // Those of nobody reach nobody.
        labelSelector: serviceNameLabel,
        observer: observe(endpointSlices.plural),
      }),
    ] as unknown as Reflector<KubeObject>[];
  }

  /** How the watches stand. */
  states(): ReflectorState[] {
    return [...this.#reflectors.map(({ state }) => state), ...this.#optional.flatMap((one) => one.states())];
  }

  /** Resolves when all are known; rejects when stopped before. */
  get synced(): Promise<unknown> {
    return Promise.all([...this.#reflectors, ...this.#optional].map(({ synced }) => synced));
  }

  /** Watches until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#reflectors, ...this.#optional].map((one) => one.run(signal)));
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
