import type { KubeErrorCode } from './errors.ts';

/** The verbs of the API (k8s.io/apiserver `RequestInfo.Verb`) that are sent. */
export type ApiVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** Is told of what is sent; for metrics. Called often, so it must be cheap and must not throw. */
export interface CallObserver {
  /**
   * One attempt is over: headers came, or it failed without an answer, after so many milliseconds.
   *
   * @param code the HTTP status, or the kind of failure
   */
  answered(verb: ApiVerb, code: number | KubeErrorCode, duration: number): void;
  /** A call waited so many milliseconds for our own rate limit. */
  limited(waited: number): void;
}

export interface TransportRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
  accept?: string;
  signal?: AbortSignal;
  /**
   * Passes by the rate limit and the pool of connections: for leases and health probes, which must not queue
   * behind bulk work.
   */
  urgent?: boolean;
  /** Milliseconds until headers must have come, from the moment it may be sent; 30 s unless told. */
  timeout?: number;
  /** The API's name of what is asked; by default it follows from the method. */
  verb?: ApiVerb;
  observer?: CallObserver | undefined;
  /** Asked right before each attempt goes out; what may not go any more fails as `Aborted`. */
  mayBeSent?: (() => boolean) | undefined;
}

/** A call has an end; a stream, such as a watch, has none. */
export type TransportKind = 'call' | 'stream';

const verbs = { GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;

/** The API's name of what a request asks. */
export function verbOf({ method, verb }: TransportRequest, kind: TransportKind): ApiVerb {
  return verb ?? (kind === 'stream' ? 'watch' : verbs[method]);
}
