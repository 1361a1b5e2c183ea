import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import type { Heard } from './answer-ear.ts';
import type { Connection, Credentials } from './connection.ts';
import { ConnectionPools, type Exchange } from './connection-pools.ts';
import { Ending } from './ending.ts';
import { hasCode, KubeError } from './errors.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Guarded } from './send-guard.ts';
import { linkSignals } from './signals.ts';
import { parse, refusal, retryDelay } from './transport-answer.ts';
import { type TransportKind, type TransportRequest, verbOf } from './transport-request.ts';

export interface TransportOptions {
  rateLimit?: RateLimit;
  /** Connections kept for calls; streams (watches) and urgent calls get connections of their own beyond it. */
  connections?: number;
  userAgent?: string;
  /**
   * How long a call must have waited in vain, in milliseconds, before it says that the connections of others may be dead,
   * too; 5,000 unless told. A machine that is busy keeps calls waiting for less, after which streams only are begun again
   * that have been silent for so long while others were answered.
   */
  evidence?: number;
}

/** How long credentials are used before the kubeconfig is asked again, in milliseconds. */
const credentialsLife = 30_000;
/** The least time between two renewals of credentials that a server refuses: a plugin is a process each time. */
const renewalPause = 10_000;
/** A watch brings a bookmark every minute, so a silence of this length means a dead connection. */
const streamSilence = 150_000;
const defaultTimeout = 30_000;
const usualEvidence = 5_000;
const mostAttempts = 5;
/** The longest wait that a server may ask of an urgent call, in milliseconds. */
const urgentPatience = 1_000;

/**
 * HTTP to one API server: pooled connections, credentials that are renewed, the caller's rate limit, and the
 * waits that the server itself asks for (429, and 5xx with Retry-After). Everything that fails does so as a
 * KubeError.
 */
export class Transport {
  readonly connection: Connection;
  readonly #options: TransportOptions;
  readonly #closing = new AbortController();
  readonly #pools: ConnectionPools;
  readonly #evidence: number;
  /** Of every path: the API server may be behind a proxy that serves others, too. */
  readonly #prefix: string;
  #credentials: { value: Promise<Credentials>; until: number } | undefined;
  #renewed = Number.NEGATIVE_INFINITY;
  #refused = false;

  constructor(connection: Connection, options: TransportOptions = {}) {
    this.connection = connection;
    this.#options = options;
    this.#prefix = connection.server.pathname.replace(/\/$/, '');
    const { connections = 16, evidence = usualEvidence } = options;
    this.#evidence = evidence;
    this.#pools = new ConnectionPools(connection, connections, evidence);
  }

  /** Sends a call and returns the parsed body. @throws KubeError */
  async request<T>(request: TransportRequest): Promise<T> {
    const response = await this.#sendUntilAnswered(request, 'call');
    return parse<T>(await this.#guard(request, () => response.body.text()), this.connection.name);
  }

  /**
   * Sends a call whose answer has no end, such as a watch, and returns the body once headers have come. The
   * stream fails when nothing arrives for two and a half minutes.
   *
   * @throws KubeError
   */
  async stream(request: TransportRequest): Promise<Readable> {
    const { body } = await this.#sendUntilAnswered(request, 'stream');
    // undici calls a stream that is ended early an error; where nobody reads any more, it would end the process.
    body.on('error', () => {});
    return body;
  }

  /** Ends every connection; calls under way fail as `Aborted`. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#pools.close();
  }

  /** Reads the kubeconfig again before the next call: it was told that credentials changed. */
  renewCredentials(): void {
    this.#refused = true;
    this.#renewed = Number.NEGATIVE_INFINITY;
  }

  /** Fresh credentials of this cluster; the library is asked at most twice a minute. */
  credentials(): Promise<Credentials> {
    const now = performance.now();
    const renew = this.#refused && now - this.#renewed >= renewalPause;
    if (renew || !this.#credentials || this.#credentials.until < now) {
      if (renew) {
        this.#refused = false;
        this.#renewed = now;
      }
      const value = this.connection.credentials(renew);
      const entry = { value, until: now + credentialsLife };
      this.#credentials = entry;
      value.catch(() => {
        if (this.#credentials === entry) this.#credentials = undefined;
      });
    }
    return this.#credentials.value;
  }

  /** Sends, and sends again as long as the server asks to; returns what is no refusal. */
  async #sendUntilAnswered(request: TransportRequest, kind: TransportKind): Promise<Dispatcher.ResponseData> {
    for (let attempt = 1; ; attempt++) {
      await this.#pass(request, kind);
      const response = await this.#send(request, kind);
      if (response.statusCode < 300) return response;
      const text = await this.#guard(request, () => response.body.text());
      const wait = retryDelay(response, attempt);
      // An urgent call is of no use later; whoever makes it comes again by himself.
      if (wait === undefined || attempt >= mostAttempts || (request.urgent && wait > urgentPatience))
        throw refusal(response.statusCode, text, request);
      await this.#pause(request, (signal) => sleep(wait, undefined, { signal }));
    }
  }

  /** Waits for the rate limit, which is for calls that are not urgent. */
  async #pass(request: TransportRequest, kind: TransportKind): Promise<void> {
    const { rateLimit } = this.#options;
    if (!rateLimit || kind !== 'call' || request.urgent || rateLimit.tryTake()) return;
    const began = performance.now();
    await this.#pause(request, (signal) => rateLimit.pass(signal));
    const waited = performance.now() - began;
    if (waited >= 1) request.observer?.limited(waited);
  }

  async #pause(request: TransportRequest, wait: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const link = linkSignals(request.signal, this.#closing.signal);
    await this.#guard(request, () => wait(link.signal)).finally(link.release);
  }

  async #send(request: TransportRequest, kind: TransportKind): Promise<Dispatcher.ResponseData> {
    const credentials = await this.credentials();
    const { mayBeSent } = request;
    if (mayBeSent?.() === false) throw new KubeError('Aborted', 'the call was given up');
    const agents = this.#pools.for(credentials);
    const headers: Record<string, string> = {
      ...credentials.headers,
      accept: request.accept ?? 'application/json',
      'user-agent': this.#options.userAgent ?? 'isthmus',
    };
    if (request.body !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
    const body = request.body === undefined ? null : JSON.stringify(request.body);
    const { timeout = defaultTimeout } = request;
    // Of our own, because undici's timeout for headers begins only when a connection is there and free.
    const ending = new Ending(request.signal);
    const late = new Error(`there was no answer within ${timeout / 1000} s`);
    const began = performance.now();
    const timer = setTimeout(() => {
      const isEvidence = timeout >= this.#evidence;
      // Nothing came to anybody.
      if (agents.answered < began) this.#pools.forget(agents, isEvidence);
      // That a node does not answer through its API server says nothing of the way to the latter.
      if (isEvidence && !request.path.includes('/proxy/')) this.#pools.endSilentStreams(began, late);
      ending.abort(late);
    }, timeout);
    const exchange: Exchange = { isStream: false, heard: began, fail: (why) => ending.abort(why) };
    agents.exchanges.add(exchange);
    const over = () => {
      agents.exchanges.delete(exchange);
      clearTimeout(timer);
      ending.release();
      this.#pools.ended(agents);
    };
    agents.underWay += 1;
    const agent = kind === 'stream' || request.urgent ? agents.unbounded : agents.calls;
    const heard = () => {
      exchange.heard = performance.now();
    };
    const guarded: Guarded & Heard = { mayBeSent, heard };
    try {
      const response = await this.#guard(
        request,
        () =>
          new Promise<Dispatcher.ResponseData>((resolve, reject) => {
            // undici heeds the signal of a call that waits for a connection only when it gets one.
            if (ending.aborted) reject(ending.reason);
            ending.once('abort', () => reject(ending.reason));
            agent
              .request({
                ...guarded,
                origin: this.connection.server.origin,
                path: this.#path(request),
                method: request.method,
                headers,
                body,
                headersTimeout: 0,
                bodyTimeout: kind === 'stream' ? streamSilence : timeout,
                // A deletion has a body, after which undici would close the connection: to some servers it is none.
                // Kubernetes knows what to do with it, and a TLS handshake for each pod that goes costs more than all
                // else about it.
                reset: false,
                signal: ending,
              })
              .then(resolve, reject);
          }),
      );
      clearTimeout(timer);
      this.#pools.answered(agents);
      heard();
      exchange.isStream = kind === 'stream';
      request.observer?.answered(verbOf(request, kind), response.statusCode, agents.answered - began);
      response.body.once('close', over);
      if (response.statusCode === 401) this.#refused = true;
      return response;
    } catch (error) {
      over();
      const code = error instanceof KubeError ? error.code : 'Unreachable';
      request.observer?.answered(verbOf(request, kind), code, performance.now() - began);
      throw error;
    }
  }

  #path({ path, query }: TransportRequest): string {
    const whole = `${this.#prefix}${path}`;
    if (!query) return whole;
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) parameters.append(name, value);
    return parameters.size === 0 ? whole : `${whole}?${parameters}`;
  }

  async #guard<T>(request: TransportRequest, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof KubeError) throw error;
      if (request.signal?.aborted || this.#closing.signal.aborted || request.mayBeSent?.() === false)
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
  return hasCode(error, 'Configuration', 'Unreachable', 'ServerError', 'TooManyRequests', 'Unauthorized');
}
