import { setTimeout as sleep } from 'node:timers/promises';
import type { Cache } from './cache.ts';
import type { Client } from './client.ts';
import { deferred } from './deferred.ts';
import { describeError, hasCode, KubeError } from './errors.ts';
import { Reflector, type ReflectorObserver, type ReflectorState } from './reflector.ts';
import type { Resource } from './resources.ts';
import { type LinkedSignal, linkSignals } from './signals.ts';
import type { KubeObject } from './types.ts';

export interface OptionalWatchOptions<T extends KubeObject> {
  readonly client: Client;
  readonly resource: Resource<T>;
  readonly cache: Pick<Cache<T>, 'apply' | 'remove' | 'replace'>;
  /** The namespace to watch; all of them when undefined. */
  readonly namespace: string | undefined;
  /** Told when something fails; of a right that is missing, once. */
  readonly onError: (message: string) => void;
  readonly observer: ReflectorObserver | undefined;
  /** How long until the server is asked again whether it serves the kind, in milliseconds. */
  readonly every?: number;
  /** Told when the kind is served and listed, each time that this begins. */
  readonly onServed?: () => void;
}

const usualEvery = 30_000;
/** While the server cannot say whether it serves the kind, it is asked again after so many milliseconds. */
const soon = 2_000;
/** A server that starts may not know its custom resources yet: the kind is gone when it was missing so often. */
const absences = 2;

/** Watches a kind that the server may serve or not, and begins or ends when that changes. */
export class OptionalWatch<T extends KubeObject> {
  readonly #options: OptionalWatchOptions<T>;
  readonly #known = deferred();
  #running: { reflector: Reflector<T>; end: LinkedSignal; done: Promise<void> } | undefined;
  #absent = 0;
  #isRefused = false;

  constructor(options: OptionalWatchOptions<T>) {
    this.#options = options;
    this.#known.promise.catch(() => {});
  }

  /** Resolves when the cache is right: what is served is listed, or it is not served. Rejects when stopped before. */
  get synced(): Promise<void> {
    return this.#known.promise;
  }

  /** Whether the kind is watched, and known. */
  get isServed(): boolean {
    return this.#running?.reflector.state.isSynced ?? false;
  }

  /** How the watch stands, if there is one. */
  states(): ReflectorState[] {
    return this.#running ? [this.#running.reflector.state] : [];
  }

  /** As of a {@link Reflector}. */
  reconnect(): void {
    this.#running?.reflector.reconnect();
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { every = usualEvery } = this.#options;
    while (!signal.aborted) {
      const isCertain = await this.#look(signal);
      await sleep(isCertain ? every : soon, undefined, { signal }).catch(() => {});
    }
    await this.#running?.done;
    this.#known.reject(new KubeError('Aborted', 'stopped before it was known'));
  }

  /** @returns whether the server could say something */
  async #look(signal: AbortSignal): Promise<boolean> {
    const { client, resource } = this.#options;
    try {
      const isThere = (await client.serves(resource, { signal })) && (await this.#mayList(signal));
      this.#absent = isThere ? 0 : this.#absent + 1;
      if (isThere) this.#begin(signal);
      else if (this.#absent >= absences) await this.#end();
      if (!isThere) this.#known.resolve();
      return true;
    } catch {
      // A server that does not answer is told of by the other watches.
      return false;
    }
  }

  async #mayList(signal: AbortSignal): Promise<boolean> {
    const { client, resource, namespace, onError } = this.#options;
    if (this.#running) return true;
    try {
      await client.list(resource, { namespace, limit: 1, metadataOnly: true, signal });
      this.#isRefused = false;
      return true;
    } catch (error) {
      if (!hasCode(error, 'Forbidden')) throw error;
      if (!this.#isRefused) onError(`${resource.plural} are left out: ${describeError(error)}`);
      this.#isRefused = true;
      return false;
    }
  }

  #begin(signal: AbortSignal): void {
    if (this.#running) return;
    const { client, resource, cache, namespace, onError, observer } = this.#options;
    const reflector = new Reflector(client, resource, cache, {
      namespace,
      observer,
      // That the kind was taken away is no failure; the next look ends the watch.
      onError: (message) =>
        void client.serves(resource, { signal }).then(
          (isServed) => isServed && onError(message),
          () => {},
        ),
    });
    const end = linkSignals(signal);
    this.#running = { reflector, end, done: reflector.run(end.signal) };
    const { onServed } = this.#options;
    const tell = () => {
      this.#known.resolve();
      onServed?.();
    };
    reflector.synced.then(tell, () => {});
  }

  async #end(): Promise<void> {
    if (!this.#running) return;
    const { end, done } = this.#running;
    this.#running = undefined;
    end.abort();
    end.release();
    await done;
    this.#options.cache.replace([]);
  }
}
