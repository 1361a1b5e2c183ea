import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { type Backoff, backoffDelay } from './backoff.ts';
import type { Connection, Credentials } from './connection.ts';
import { codeOfResponse, hasCode, KubeError } from './errors.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Status } from './types.ts';

export interface TransportRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
  accept?: string;
  signal?: AbortSignal;
  /** Passes the rate limit by: for leases and health probes, which must not queue behind bulk work. */
  urgent?: boolean;
  /** Milliseconds until headers must have come; 30 s unless told. */
  timeout?: number;
}

export interface TransportOptions {
  rateLimit?: RateLimit;
  /** Connections kept for calls; streams (watches) get connections of their own beyond it. */
  connections?: number;
  userAgent?: string;
}

/** How long credentials are used before the kubeconfig is asked again, in milliseconds. */
const credentialsLife = 30_000;
/** A watch brings a bookmark every minute, so a silence of this length means a dead connection. */
const streamSilence = 150_000;
const defaultTimeout = 30_000;
const mostAttempts = 5;
const throttled: Backoff = { first: 500, most: 10_000 };

/**
 * HTTP to one API server: pooled connections, credentials that are renewed, the caller's rate limit, and the
 * waits that the server itself asks for (429 and 503 with Retry-After). Everything that fails does so as a
 * KubeError.
 */
export class Transport {
  readonly connection: Connection;
  readonly #options: TransportOptions;
  #credentials: { value: Promise<Credentials>; until: number } | undefined;
  #agents: { tlsKey: string; calls: Dispatcher; streams: Dispatcher } | undefined;
  #closed = false;

  constructor(connection: Connection, options: TransportOptions = {}) {
    this.connection = connection;
    this.#options = options;
  }

  /** Sends a call and returns the parsed body. @throws KubeError */
  async request<T>(request: TransportRequest): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      if (!request.urgent) await this.#options.rateLimit?.pass(request.signal);
      const response = await this.#send(request, 'calls');
      const text = await this.#guard(request, () => response.body.text());
      if (response.statusCode < 300) return parse<T>(text, this.connection.name);
      const wait = retryDelay(response, attempt);
      if (wait === undefined || attempt >= mostAttempts) throw refusal(response.statusCode, text, request);
      await this.#guard(request, () => sleep(wait, undefined, { signal: request.signal }));
    }
  }

  /**
   * Sends a call whose answer has no end, such as a watch, and returns the body once headers have come. The
   * stream fails when nothing arrives for two and a half minutes.
   *
   * @throws KubeError
   */
  async stream(request: TransportRequest): Promise<Readable> {
    const response = await this.#send(request, 'streams');
    if (response.statusCode < 300) return response.body;
    throw refusal(response.statusCode, await this.#guard(request, () => response.body.text()), request);
  }

  /** Ends every connection; calls under way fail as `Aborted` or `Unreachable`. */
  async close(): Promise<void> {
    this.#closed = true;
    const agents = this.#agents;
    this.#agents = undefined;
    await Promise.all([agents?.calls.destroy(), agents?.streams.destroy()]);
  }

  /** Fresh credentials of this cluster; the library is asked at most twice a minute. */
  credentials(): Promise<Credentials> {
    const now = performance.now();
    if (!this.#credentials || this.#credentials.until < now) {
      const value = this.connection.credentials();
      this.#credentials = { value, until: now + credentialsLife };
      value.catch(() => {
        this.#credentials = undefined;
      });
    }
    return this.#credentials.value;
  }

  async #send(request: TransportRequest, kind: 'calls' | 'streams'): Promise<Dispatcher.ResponseData> {
    const credentials = await this.credentials();
    const agent = this.#agentFor(credentials)[kind];
    const headers: Record<string, string> = {
      ...credentials.headers,
      accept: request.accept ?? 'application/json',
      'user-agent': this.#options.userAgent ?? 'isthmus',
    };
    if (request.body !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
    const response = await this.#guard(request, () =>
      agent.request({
        origin: this.connection.server.origin,
        path: this.#path(request),
        method: request.method,
        headers,
        body: request.body === undefined ? null : JSON.stringify(request.body),
        headersTimeout: request.timeout ?? defaultTimeout,
        bodyTimeout: kind === 'streams' ? streamSilence : (request.timeout ?? defaultTimeout),
        signal: request.signal ?? null,
      }),
    );
    if (response.statusCode === 401) this.#credentials = undefined;
    return response;
  }

  /** The pools for these credentials. New client certificates get new pools; the old ones end when idle. */
  #agentFor(credentials: Credentials): { calls: Dispatcher; streams: Dispatcher } {
    if (this.#closed) throw new KubeError('Aborted', `the connection to ${this.connection.name} is closed`);
    const { tls } = credentials;
    const tlsKey = [tls.ca, tls.cert, tls.key, tls.servername, tls.rejectUnauthorized].join('\n');
    if (this.#agents?.tlsKey === tlsKey) return this.#agents;
    const old = this.#agents;
    const { proxyUrl } = this.connection;
    const make = (connections: number | null): Dispatcher => {
      const options = { connections, keepAliveTimeout: 60_000, connect: { ...tls, timeout: 10_000 } };
      return proxyUrl ? new ProxyAgent({ ...options, uri: proxyUrl, requestTls: tls }) : new Agent(options);
    };
    this.#agents = { tlsKey, calls: make(this.#options.connections ?? 16), streams: make(null) };
    void old?.calls.close();
    void old?.streams.close();
    return this.#agents;
  }

  #path({ path, query }: TransportRequest): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query ?? {}))
      if (value !== undefined) parameters.append(name, value);
    const prefix = this.connection.server.pathname.replace(/\/$/, '');
    return parameters.size === 0 ? `${prefix}${path}` : `${prefix}${path}?${parameters}`;
  }

  async #guard<T>(request: TransportRequest, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof KubeError) throw error;
      if (request.signal?.aborted || this.#closed)
        throw new KubeError('Aborted', 'the call was given up', { cause: error });
      const { name, server } = this.connection;
      throw new KubeError('Unreachable', `the ${name} API server ${server.origin} cannot be reached`, {
        cause: error,
      });
    }
  }
}

/** Whether a failure says nothing of the request itself, so that the same may be sent again later. */
export function isPassing(error: unknown): boolean {
  return hasCode(error, 'Unreachable', 'ServerError', 'TooManyRequests', 'Unauthorized');
}

/** Milliseconds that the server asks to wait, or undefined when it does not ask. */
function retryDelay(response: Dispatcher.ResponseData, attempt: number): number | undefined {
  if (response.statusCode !== 429 && response.statusCode !== 503) return undefined;
  const header = response.headers['retry-after'];
  if (header === undefined) return response.statusCode === 429 ? backoffDelay(throttled, attempt) : undefined;
  const seconds = Number(header);
  return Number.isFinite(seconds) ? Math.min(seconds, 30) * 1000 : backoffDelay(throttled, attempt);
}

function refusal(httpStatus: number, text: string, { method, path }: TransportRequest): KubeError {
  const status = parseStatus(text);
  const said = status?.message ?? (text.trim().slice(0, 200) || `HTTP ${httpStatus}`);
  const code = codeOfResponse(httpStatus, status?.reason);
  return new KubeError(
    code,
    code === 'ServerError' ? `${method} ${path}: ${said}` : said,
    status ? { status } : {},
  );
}

function parseStatus(text: string): Status | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && 'message' in body ? (body as Status) : undefined;
  } catch {
    return undefined;
  }
}

function parse<T>(text: string, cluster: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new KubeError('ServerError', `the ${cluster} API server sent something that is not JSON`, {
      cause: error,
    });
  }
}
