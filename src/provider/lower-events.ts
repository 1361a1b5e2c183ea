import { LRUCache } from 'lru-cache';
import type { Client } from '../kube/client.ts';
import { hasCode } from '../kube/errors.ts';
import { RateLimit } from '../kube/rate-limit.ts';
import { events, keyOf } from '../kube/resources.ts';
import type { Event, Pod } from '../kube/types.ts';
import type { WorkQueue } from '../kube/work-queue.ts';
import { eventUp, lastSeenAt, repetition } from '../translate/event-up.ts';
import { upperUidOf } from '../translate/marks.ts';

export interface LowerEventsOptions {
  upper: Client;
  /** The lower pod of a key, if it is ours. */
  lowerPod: (key: string) => Pod | undefined;
  upperPod: (key: string) => Pod | undefined;
  queue: Pick<WorkQueue, 'add'>;
  now: () => number;
}

/** Older ones were news before we started, in milliseconds. */
const oldNews = 120_000;
/** As client-go's spam filter: so many at once for a pod, then one in so many seconds. */
const burst = 25;
const refillSeconds = 300;
const mostWaiting = 5_000;

/**
 * Brings the events of lower pods up, so that `kubectl describe pod` answers above. Only the newest state of an
 * event waits, and only of pods that are ours; nothing is kept of others.
 */
export class LowerEvents {
  readonly #options: LowerEventsOptions;
  readonly #waiting = new LRUCache<string, Event>({ max: mostWaiting });
  readonly #written = new LRUCache<string, true>({ max: mostWaiting });
  readonly #limits = new LRUCache<string, RateLimit>({ max: mostWaiting });

  constructor(options: LowerEventsOptions) {
    this.#options = options;
  }

  /** Takes in an event that the watch brought. */
  apply(event: Event): void {
    const key = `${event.involvedObject.namespace}/${event.involvedObject.name}`;
    if (this.#options.lowerPod(key)?.metadata?.uid !== event.involvedObject.uid) return;
    if (this.#options.now() - lastSeenAt(event) > oldNews) return;
    this.#waiting.set(keyOf(event), event);
    this.#options.queue.add(keyOf(event));
  }

  /** Events above live for as long as the upper API server keeps them. */
  remove(): void {}

  replace(all: Event[]): void {
    for (const event of all) this.apply(event);
  }

  /** Writes the newest state of one event above. @throws KubeError */
  async reconcile(eventKey: string): Promise<undefined> {
    const event = this.#waiting.get(eventKey);
    if (!event) return;
    const podKey = `${event.involvedObject.namespace}/${event.involvedObject.name}`;
    const upper = this.#options.upperPod(podKey);
    const lower = this.#options.lowerPod(podKey);
    if (!upper || !lower || upperUidOf(lower) !== upper.metadata?.uid || !this.#allows(upper)) {
      this.#waiting.delete(eventKey);
      return;
    }
    await this.#write(eventKey, event, upper);
    if (this.#waiting.get(eventKey) === event) this.#waiting.delete(eventKey);
  }

  async #write(eventKey: string, event: Event, upper: Pod): Promise<void> {
    const { namespace, name = '' } = event.metadata;
    if (!this.#written.has(eventKey)) {
      try {
        await this.#options.upper.create(events, eventUp(event, upper));
        this.#written.set(eventKey, true);
        return;
      } catch (error) {
        if (!hasCode(error, 'AlreadyExists')) throw error;
        this.#written.set(eventKey, true);
      }
    }
    try {
      await this.#options.upper.patch(events, { namespace, name }, repetition(event));
    } catch (error) {
      // It lived out its hour above: the next time it is written anew.
      if (!hasCode(error, 'NotFound')) throw error;
      this.#written.delete(eventKey);
    }
  }

  #allows(upper: Pod): boolean {
    const uid = upper.metadata?.uid ?? '';
    let limit = this.#limits.get(uid);
    if (!limit) {
      limit = new RateLimit({ qps: 1 / refillSeconds, burst });
      this.#limits.set(uid, limit);
    }
    return limit.tryTake();
  }
}
