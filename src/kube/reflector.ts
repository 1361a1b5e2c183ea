import { setTimeout as sleep } from 'node:timers/promises';
import { type Backoff, backoffDelay } from './backoff.ts';
import type { Cache } from './cache.ts';
import type { Client, ListOptions } from './client.ts';
import { deferred } from './deferred.ts';
import { describeError, errorOfWatch, hasCode, KubeError } from './errors.ts';
import { lines } from './lines.ts';
import { listAll } from './list-all.ts';
import type { Resource } from './resources.ts';
import { type LinkedSignal, linkSignals } from './signals.ts';
import type { KubeObject, Status } from './types.ts';
import { headOf } from './watch-line.ts';

/**
 * Why a watch had to be begun again: the server ended it in good order, it failed, the server had forgotten where it
 * was so that everything is listed again, or `reconnect` was called.
 */
export type WatchRestart = 'ended' | 'failed' | 'expired' | 'reconnected';

/** Is told what a reflector does; for metrics. Must be cheap and must not throw. */
export interface ReflectorObserver {
  restarted(why: WatchRestart): void;
}

/** How a reflector stands. */
export interface ReflectorState {
  /** The resource, such as `pods`. */
  readonly resource: string;
  /** Whether the first list is in the cache. */
  readonly isSynced: boolean;
  /** Why the last attempt failed; undefined once the server took another watch. */
  readonly failure: string | undefined;
}

export interface ReflectorOptions<T extends KubeObject = KubeObject> extends ListOptions {
  random?: () => number;
  /** Makes objects smaller as soon as they were read, for a list of which the cache keeps next to nothing. */
  slim?(object: T): T;
  /** Told of every failure; the reflector goes on by itself. */
  onError?: (message: string) => void;
  observer?: ReflectorObserver | undefined;
}

/** A server that ends watches faster than this, in milliseconds, is not to be asked again without a pause. */
const shortestWatch = 1_000;
const retry: Backoff = { first: 100, most: 10_000 };

/** The part of a {@link Cache} that a reflector fills. */
export type ReflectorCache<T extends KubeObject> = Pick<Cache<T>, 'apply' | 'remove' | 'replace'> &
  Partial<Pick<Cache<T>, 'newest' | 'knows'>>;

interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T;
}

/**
 * Keeps a cache equal to what an API server holds: lists once, then watches, and resumes a cut watch at once
 * from the last resource version. It lists again only when the server has forgotten that version (410).
 */
export class Reflector<T extends KubeObject> {
  readonly #client: Client;
  readonly #resource: Resource<T>;
  readonly #cache: ReflectorCache<T>;
  readonly #options: ReflectorOptions<T>;
  readonly #synced = deferred();
  #attempt: LinkedSignal | undefined;
  #isSynced = false;
  #failure: string | undefined;
  #silentSince: number | undefined = performance.now();
  #position: string | undefined;
  #heard = performance.now();

  constructor(
    client: Client,
    resource: Resource<T>,
    cache: ReflectorCache<T>,
    options: ReflectorOptions<T> = {},
  ) {
    this.#client = client;
    this.#resource = resource;
    this.#cache = cache;
    this.#options = options;
    this.#synced.promise.catch(() => {});
  }

  /** Resolves when the first list is in the cache; rejects when the reflector is stopped before. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get state(): ReflectorState {
    return { resource: this.#resource.plural, isSynced: this.#isSynced, failure: this.#failure };
  }

  /** The resource version up to which everything is in the cache; undefined before the first list. */
  get position(): string | undefined {
    return this.#position;
  }

  /** Since when no watch is open (performance.now()), so that changes may be missing; undefined while one is. */
  get silentSince(): number | undefined {
    return this.#silentSince;
  }

  /** When something last came on a watch, or one was opened (performance.now()). */
  get heard(): number {
    return this.#heard;
  }

  /**
   * Ends the call under way, or the pause after a failure, and goes on at once where it was: for a connection
   * that may be half open after a partition.
   */
  reconnect(): void {
    this.#silentSince ??= performance.now();
    this.#attempt?.abort();
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let version: string | undefined;
    let failures = 0;
    while (!signal.aborted) {
      const attempt = linkSignals(signal);
      this.#attempt = attempt;
      try {
        version ??= await this.#list(attempt.signal);
        this.#position = version;
        this.#isSynced = true;
        this.#synced.resolve();
        const began = performance.now();
        for await (const next of this.#follow(version, attempt.signal)) {
          version = next;
          this.#position = next;
          failures = 0;
        }
        if (performance.now() - began < shortestWatch)
          throw new KubeError('ServerError', 'the watch ended at once');
        failures = 0;
        this.#options.observer?.restarted('ended');
      } catch (error) {
        if (signal.aborted) continue;
        this.#options.observer?.restarted(whyRestarted(error, attempt.signal));
        if (attempt.signal.aborted) continue;
        if (hasCode(error, 'Gone')) version = undefined;
        failures += 1;
        this.#failure = describeError(error);
        this.#options.onError?.(`${this.#resource.plural}: ${this.#failure}`);
        // The first failure is most often a watch that was cut under load: what came since must not wait.
        if (failures > 1)
          await sleep(backoffDelay(retry, failures - 1), undefined, { signal: attempt.signal }).catch(
            () => {},
          );
      } finally {
        attempt.release();
      }
    }
    this.#synced.reject(new KubeError('Aborted', `${this.#resource.plural}: stopped before the first list`));
  }

  async #list(signal: AbortSignal): Promise<string> {
    const newest = this.#cache.newest ?? 0;
    const { items, resourceVersion: version } = await listAll(this.#client, this.#resource, {
      ...this.#options,
      signal,
    });
    // A list is never older than what was known before it was asked for, unless the cluster was restored.
    this.#cache.replace(items, Number(version) < newest ? undefined : version);
    return version;
  }

  /** One watch; yields the version reached after each event. Returns when the watch ended in good order. */
  async *#follow(resourceVersion: string, signal: AbortSignal): AsyncGenerator<string> {
    const { random = Math.random } = this.#options;
    const stream = await this.#client.watch(this.#resource, {
      ...this.#options,
      resourceVersion,
      // Spread, so that the watches of a process do not all end in the same moment (client-go: 5 to 10 min).
      timeoutSeconds: Math.round(240 + 240 * random()),
      signal,
    });
    this.#failure = undefined;
    this.#silentSince = undefined;
    this.#heard = performance.now();
    try {
      for await (const line of lines(stream)) {
        this.#heard = performance.now();
        const news = headOf(line);
        // Most often the answer to a write of our own was faster.
        if (news && this.#cache.knows?.(news)) {
          yield news.resourceVersion;
          continue;
        }
        const event = JSON.parse(line) as WatchEvent<T>;
        this.#take(event);
        const version = event.object.metadata?.resourceVersion;
        if (version) yield version;
      }
    } finally {
      this.#silentSince ??= performance.now();
      stream.destroy();
    }
  }

  #take(event: WatchEvent<T>): void {
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#cache.apply(this.#options.slim?.(event.object) ?? event.object);
        break;
      case 'DELETED':
        this.#cache.remove(event.object);
        break;
      case 'ERROR':
        throw errorOfWatch(event.object as Status);
      case 'BOOKMARK':
        break;
    }
  }
}

function whyRestarted(error: unknown, attempt: AbortSignal): WatchRestart {
  if (attempt.aborted) return 'reconnected';
  return hasCode(error, 'Gone') ? 'expired' : 'failed';
}
