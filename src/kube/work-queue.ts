import { type Backoff, backoffDelay } from './backoff.ts';
import { type Deferred, deferred } from './deferred.ts';
import { hasCode } from './errors.ts';
import { isPassing } from './transport.ts';

/** When a key wants to be looked at again; nothing means only when something changes. */
export type ReconcileResult = undefined | { requeueAfter: number };

/** How a reconcile ended: `again` when it asked to be called again after some time. */
type ReconcileOutcome = 'done' | 'again' | 'failed';

/** Is told what a queue does; for metrics. Called often, so it must be cheap and must not throw. */
export interface QueueObserver {
  /** A key came in; `depth` keys wait now. */
  added(depth: number): void;
  /** A worker took a key that had waited so many milliseconds for it; `depth` others still wait. */
  started(waited: number, depth: number): void;
  /** A reconcile ended after so many milliseconds. */
  ended(duration: number, outcome: ReconcileOutcome): void;
}

export interface WorkQueueOptions {
  /** Brings the world one step nearer to what the key asks for. A key is never reconciled twice at once. */
  reconcile: (key: string) => Promise<ReconcileResult>;
  /** How many keys may be under way at once. */
  workers: number;
  /** Told of every failure; the key is tried again after a delay that doubles. */
  onError?: (key: string, error: unknown) => void;
  backoff?: Backoff;
  observer?: QueueObserver | undefined;
}

/** Timers cannot wait longer than this, in milliseconds; beyond it Node fires at once, again and again. */
const longestDelay = 2 ** 31 - 1;
const defaultBackoff: Backoff = { first: 50, most: 30_000 };
/**
 * The longest delay, in milliseconds, after a failure that says nothing of the key: when the API server is well again, all
 * is to be right within ten seconds.
 */
const mostWhilePassing = 8_000;

/**
 * A queue of keys, each at most once in it. A key added while it is under way is done once more afterwards; a
 * key that fails comes back later, and adding it while it waits brings it back at once. Work begins after the caller of `add`
 * has finished what it does in one go: a cache in the middle of its changes is never read.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** With the time since when each waits. */
  readonly #ready = new Map<string, number>();
  readonly #running = new Set<string>();
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { timer: NodeJS.Timeout; due: number }>();
  readonly #failures = new Map<string, number>();
  #started = false;
  #filling = false;
  #stopped = false;
  #idle: Deferred | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys that wait for a worker now. */
  get depth(): number {
    return this.#ready.size;
  }

  /** Keys that wait for a worker or are under way now. */
  get load(): number {
    return this.#ready.size + this.#running.size;
  }

  /** Begins to work; keys added before have waited. */
  start(): void {
    this.#started = true;
    this.#fill();
  }

  add(key: string): void {
    if (this.#stopped) return;
    this.#cancelDelay(key);
    if (this.#running.has(key)) this.#again.add(key);
    else this.#enqueue(key);
    this.#fill();
  }

  /** Adds the key after so many milliseconds, unless it comes to its turn earlier. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#stopped) return;
    const delay = Math.min(milliseconds, longestDelay);
    const due = performance.now() + delay;
    const waiting = this.#delayed.get(key);
    if (waiting && waiting.due <= due) return;
    this.#cancelDelay(key);
    this.#delayed.set(key, { due, timer: setTimeout(() => this.add(key), delay) });
  }

  /** Takes no more keys and resolves when those under way are done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ready.clear();
    this.#again.clear();
    for (const { timer } of this.#delayed.values()) clearTimeout(timer);
    this.#delayed.clear();
    if (this.#running.size === 0) return;
    this.#idle ??= deferred();
    await this.#idle.promise;
  }

  #enqueue(key: string): void {
    if (this.#ready.has(key)) return;
    this.#ready.set(key, performance.now());
    this.#options.observer?.added(this.#ready.size);
  }

  #fill(): void {
    if (!this.#started || this.#filling) return;
    this.#filling = true;
    queueMicrotask(() => {
      this.#filling = false;
      this.#take();
    });
  }

  #take(): void {
    for (const [key, since] of this.#ready) {
      if (this.#running.size >= this.#options.workers) return;
      this.#ready.delete(key);
      this.#running.add(key);
      this.#options.observer?.started(performance.now() - since, this.#ready.size);
      void this.#work(key);
    }
  }

  async #work(key: string): Promise<void> {
    const began = performance.now();
    let outcome: ReconcileOutcome = 'failed';
    try {
      const result = await this.#options.reconcile(key);
      outcome = result ? 'again' : 'done';
      this.#failures.delete(key);
      if (result) this.#afterwards(key, result.requeueAfter);
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      // What came meanwhile may be the echo of the attempt itself: without the pause it would never end.
      this.#again.delete(key);
      const { backoff = defaultBackoff } = this.#options;
      const isOther = isPassing(error) || hasCode(error, 'Conflict');
      const most = isOther ? Math.min(backoff.most, mostWhilePassing) : backoff.most;
      this.addAfter(key, backoffDelay({ ...backoff, most }, failures));
      this.#options.onError?.(key, error);
    } finally {
      this.#options.observer?.ended(performance.now() - began, outcome);
      this.#done(key);
    }
  }

  #done(key: string): void {
    this.#running.delete(key);
    if (this.#again.delete(key)) this.#enqueue(key);
    if (this.#stopped && this.#running.size === 0) this.#idle?.resolve();
    this.#fill();
  }

  #afterwards(key: string, delay: number): void {
    if (!this.#again.has(key)) this.addAfter(key, delay);
  }

  #cancelDelay(key: string): void {
    clearTimeout(this.#delayed.get(key)?.timer);
    this.#delayed.delete(key);
  }
}
