import type { Readable } from 'node:stream';
import { hasCode, KubeError } from './errors.ts';
import { namespaces, type Resource, resourcePath, type Subresource } from './resources.ts';
import type { Transport } from './transport.ts';
import type { CallObserver, TransportRequest } from './transport-request.ts';
import type { KubeList, KubeObject, Namespace } from './types.ts';

/** Which patch: the API server merges maps either way; lists by their keys only in the strategic one. */
export type PatchType = 'merge' | 'strategic-merge';

export interface ObjectName {
  namespace?: string | undefined;
  name: string;
}

/** How a call is made; as in TransportRequest. */
export interface CallOptions {
  urgent?: boolean;
  timeout?: number;
  signal?: AbortSignal;
}

export interface ListOptions {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /** Ask only for metadata (`PartialObjectMetadata`), so that secret data does not travel. */
  metadataOnly?: boolean;
}

/** How long the calls of a client may be made; watches end by a signal of their own. */
export interface Bounds {
  /** Ends the calls under way and those to come. */
  readonly signal?: AbortSignal;
  /** As in TransportRequest. */
  readonly mayBeSent?: (() => boolean) | undefined;
}

const metadataOnly = (kind: string) => `application/json;as=${kind};g=meta.k8s.io;v=v1`;

/** The calls of the Kubernetes API that Isthmus makes, on raw JSON. Every method throws KubeError. */
export class Client {
  readonly transport: Transport;
  readonly #observer: CallObserver | undefined;
  readonly #bounds: Bounds;

  /**
   * Several clients may share a transport, and each tell its own observer.
   */
  constructor(transport: Transport, observer?: CallObserver, bounds: Bounds = {}) {
    this.transport = transport;
    this.#observer = observer;
    this.#bounds = bounds;
  }

  #request<T>(request: TransportRequest): Promise<T> {
    const { mayBeSent } = this.#bounds;
    const signal = request.signal ?? this.#bounds.signal;
    const bounded = { ...request, observer: this.#observer, mayBeSent, ...(signal && { signal }) };
    return this.transport.request<T>(bounded);
  }

  async get<T extends KubeObject>(
    resource: Resource<T>,
    where: ObjectName,
    options: CallOptions = {},
  ): Promise<T> {
    return this.#request<T>({ method: 'GET', path: resourcePath(resource, where), ...options });
  }

  /** One page; `continue` of the answer's metadata asks for the next. */
  async list<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions & { limit?: number; continue?: string | undefined; signal?: AbortSignal } = {},
  ): Promise<KubeList<T>> {
    return this.#request<KubeList<T>>({
      method: 'GET',
      verb: 'list',
      path: resourcePath(resource, { namespace: options.namespace }),
      query: { ...selectors(options), limit: options.limit?.toString(), continue: options.continue },
      ...(options.metadataOnly ? { accept: metadataOnly('PartialObjectMetadataList') } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  }

  /** The raw stream of a watch, one JSON object on a line. */
  async watch<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions & { resourceVersion: string; timeoutSeconds: number; signal: AbortSignal },
  ): Promise<Readable> {
    return this.transport.stream({
      method: 'GET',
      path: resourcePath(resource, { namespace: options.namespace }),
      query: {
        ...selectors(options),
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: options.resourceVersion,
        timeoutSeconds: options.timeoutSeconds.toString(),
      },
      ...(options.metadataOnly ? { accept: metadataOnly('PartialObjectMetadata') } : {}),
      signal: options.signal,
      observer: this.#observer,
    });
  }

  /** With `dryRun` everything is asked, admission and quotas too, and nothing is made. */
  async create<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    { dryRun, ...options }: CallOptions & { dryRun?: boolean } = {},
  ): Promise<T> {
    const path = resourcePath(resource, { namespace: object.metadata?.namespace });
    const body = { apiVersion: resource.apiVersion, kind: resource.kind, ...object };
    const query = dryRun ? { query: { dryRun: 'All' } } : {};
    return this.#request<T>({ method: 'POST', path, body, ...query, ...options });
  }

  /** Posts to a subresource that answers with the object filled in, such as a TokenRequest. */
  async createSubresource<T extends KubeObject>(
    subresource: Subresource<T>,
    where: ObjectName,
    object: T,
    options: CallOptions = {},
  ): Promise<T> {
    const path = resourcePath(subresource.parent, { ...where, subresource: subresource.name });
    const body = { apiVersion: subresource.apiVersion, kind: subresource.kind, ...object };
    return this.#request<T>({ method: 'POST', path, body, ...options });
  }

  /** Replaces the object; the resourceVersion in it is the precondition. */
  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: CallOptions = {},
  ): Promise<T> {
    const { namespace, name = '' } = object.metadata ?? {};
    const body = { apiVersion: resource.apiVersion, kind: resource.kind, ...object };
    return this.#request<T>({
      method: 'PUT',
      path: resourcePath(resource, { namespace, name }),
      body,
      ...options,
    });
  }

  /** A `metadata.uid` in the patch is a precondition: another object of the name answers with `Conflict`. */
  async patch<T extends KubeObject>(
    resource: Resource<T>,
    where: ObjectName & { subresource?: string },
    patch: object,
    options: { type?: PatchType; urgent?: boolean } = {},
  ): Promise<T> {
    const sent = this.#request<T>({
      method: 'PATCH',
      path: resourcePath(resource, where),
      body: patch,
      contentType: `application/${options.type ?? 'merge'}-patch+json`,
      ...(options.urgent ? { urgent: true } : {}),
    });
    return sent.catch((error: unknown) => {
      throw isOtherUid(error) ? new KubeError('Conflict', error.message, { cause: error }) : error;
    });
  }

  /**
   * Makes the object, or what it says of it, so (server-side apply); fields that others have set are taken over.
   *
   * @param fieldManager who it is that says so, for the next time
   */
  async apply<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    fieldManager: string,
    { dryRun = false } = {},
  ): Promise<T> {
    const { namespace, name = '' } = object.metadata ?? {};
    return this.#request<T>({
      method: 'PATCH',
      path: resourcePath(resource, { namespace, name }),
      query: { fieldManager, force: 'true', ...(dryRun ? { dryRun: 'All' } : {}) },
      body: { apiVersion: resource.apiVersion, kind: resource.kind, ...object },
      // JSON is YAML.
      contentType: 'application/apply-patch+yaml',
    });
  }

  /**
   * Deletes the object of this uid and no other: another object of the name answers with `Conflict`, and so does one
   * that has changed, where a resource version is given.
   */
  async delete<T extends KubeObject>(
    resource: Resource<T>,
    where: ObjectName,
    options: {
      uid: string;
      resourceVersion?: string | undefined;
      gracePeriodSeconds?: number | undefined;
    } & CallOptions,
  ): Promise<T> {
    const { uid, resourceVersion, gracePeriodSeconds, ...call } = options;
    return this.#request<T>({
      method: 'DELETE',
      path: resourcePath(resource, where),
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      },
      ...call,
    });
  }

  /** Whether the server serves a kind of a group, such as that of a custom resource definition. */
  async serves(resource: Resource<KubeObject>, options: CallOptions = {}): Promise<boolean> {
    const path = `/apis/${resource.apiVersion}`;
    try {
      const { resources = [] } = await this.#request<{ resources?: readonly { name?: string }[] }>({
        method: 'GET',
        path,
        ...options,
      });
      return resources.some(({ name }) => name === resource.plural);
    } catch (error) {
      if (hasCode(error, 'NotFound')) return false;
      throw error;
    }
  }

  /** The uid of kube-system, by which a cluster is known for its whole life. */
  async clusterUid(options: CallOptions = {}): Promise<string> {
    const { metadata }: Namespace = await this.get(namespaces, { name: 'kube-system' }, options);
    return metadata?.uid ?? '';
  }
}

/** The API server takes the uid in a patch for an attempt to change it, and answers that it is immutable. */
function isOtherUid(error: unknown): error is KubeError {
  return (
    hasCode(error, 'Invalid') &&
    (error.status?.details?.causes?.some(({ field }) => field === 'metadata.uid') ?? false)
  );
}

function selectors({ labelSelector, fieldSelector }: ListOptions): Record<string, string | undefined> {
  return { labelSelector, fieldSelector };
}
