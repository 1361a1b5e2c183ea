import type { Client } from '../../../src/kube/client.ts';
import { type Deferred, deferred } from '../../../src/kube/deferred.ts';
import { Reflector } from '../../../src/kube/reflector.ts';
import { pods } from '../../../src/kube/resources.ts';
import type { Pod } from '../../../src/kube/types.ts';
import type { Place } from './place.ts';

/** When somebody else who watches saw what of a pod (performance.now()). */
export interface Seen {
  above?: number;
  below?: number;
  readyBelow?: number;
  readyAbove?: number;
  uidAbove?: string;
}

/** Watches the pods of one namespace in both clusters. */
export class Observer {
  readonly seen = new Map<string, Seen>();
  readonly #stopping = new AbortController();
  readonly #left = { above: new Set<string>(), below: new Set<string>() };
  #ready = 0;
  #waiting: { until: () => boolean; done: Deferred } | undefined;
  #running: Promise<unknown> = Promise.resolve();

  /** Resolves when both watches are open. */
  static async open({ above, below }: Pick<Place, 'above' | 'below'>, namespace: string): Promise<Observer> {
    const observer = new Observer();
    await observer.#watch({ above, below }, namespace);
    return observer;
  }

  async #watch(clients: Record<'above' | 'below', Client>, namespace: string): Promise<void> {
    const reflectors = (['above', 'below'] as const).map((side) => {
      const apply = (pod: Pod) => this.#apply(side, pod);
      const remove = (pod: Pod) => this.#remove(side, pod);
      const replace = (all: Pod[]) => all.forEach(apply);
      return new Reflector(clients[side], pods, { apply, remove, replace }, { namespace });
    });
    this.#running = Promise.all(reflectors.map((reflector) => reflector.run(this.#stopping.signal)));
    await Promise.all(reflectors.map(({ synced }) => synced));
  }

  /** Resolves when so many pods are Ready above that were not before. */
  allReady(count: number, within: number): Promise<void> {
    const { size: left } = this.#left.above;
    return this.#wait(
      () => this.#ready >= count,
      within,
      () => `${this.#ready} of ${count} are Ready (${left})`,
    );
  }

  /** Resolves when no pod is left in either cluster. */
  allGone(within: number): Promise<void> {
    const { above, below } = this.#left;
    return this.#wait(
      () => above.size + below.size === 0,
      within,
      () => `${above.size} pods are left above and ${below.size} below`,
    );
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #wait(until: () => boolean, within: number, complaint: () => string): Promise<void> {
    if (until()) return;
    const done = deferred();
    this.#waiting = { until, done };
    const timer = setTimeout(() => done.reject(new Error(complaint())), within);
    await done.promise.finally(() => clearTimeout(timer));
  }

  #apply(side: 'above' | 'below', pod: Pod): void {
    const now = performance.now();
    const { name = '', uid } = pod.metadata ?? {};
    const seen: Seen = this.seen.get(name) ?? {};
    this.seen.set(name, seen);
    this.#left[side].add(name);
    seen[side] ??= now;
    if (side === 'above' && uid) seen.uidAbove = uid;
    if (!pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) return;
    if (side === 'below') seen.readyBelow ??= now;
    else if (seen.readyAbove === undefined) {
      seen.readyAbove = now;
      this.#ready += 1;
      this.#look();
    }
  }

  #remove(side: 'above' | 'below', pod: Pod): void {
    this.#left[side].delete(pod.metadata?.name ?? '');
    this.#look();
  }

  #look(): void {
    if (!this.#waiting?.until()) return;
    this.#waiting.done.resolve();
    this.#waiting = undefined;
  }
}
