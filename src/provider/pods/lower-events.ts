import { LRUCache } from 'lru-cache';
import type { Client } from '../../kube/client.ts';
import { hasCode, type KubeError } from '../../kube/errors.ts';
import { RateLimit } from '../../kube/rate-limit.ts';
import { events, keyOf } from '../../kube/resources.ts';
import type { Event, Pod } from '../../kube/types.ts';
import type { ReconcileResult, WorkQueue } from '../../kube/work-queue.ts';
import { eventUp, isTold, lastSeenAt, repetition } from '../../translate/event-up.ts';
import { upperUidOf } from '../../translate/marks.ts';

export interface LowerEventsOptions {
  upper: Client;
  /** The lower pod of a key, if it is ours. */
  lowerPod: (key: string) => Pod | undefined;
  upperPod: (key: string) => Pod | undefined;
  queue: Pick<WorkQueue, 'add'>;
  now: () => number;
  /** Whether many pods are worked on, which come first. */
  isBusy: () => boolean;
  /** Told once a minute at most of an event that the upper cluster does not take. */
  onRefused: (message: string) => void;
}

/** Older ones were news before we started, in milliseconds. */
const oldNews = 120_000;
/** As client-go's spam filter: so many at once for a pod, then one in so many seconds. */
const burst = 25;
const refillSeconds = 300;
const mostWaiting = 5_000;
/** A repetition only raises a count: it is written at most this often, in milliseconds. */
const repetitionPause = 30_000;
/** While many pods are worked on events wait, and are looked at again after so long, in milliseconds. */
const busyPause = 500;
const longestWait = 15_000;
/**
 * News of a pod may come before the answer to its creation, which makes it known: so long they wait for it, and are looked
 * at again after such pauses, in milliseconds.
 */
const longestBirth = 5_000;
const birthPause = 200;
/** Where one event is refused all are, in milliseconds between two lines about it. */
const refusalPause = 60_000;

/**
 * Brings the events of lower pods up, so that `kubectl describe pod` answers above. Only the newest state of an
 * event waits, and only of pods that are ours; nothing is kept of others.
 */
export class LowerEvents {
  readonly #options: LowerEventsOptions;
  readonly #waiting = new LRUCache<string, Event>({ max: mostWaiting });
  /** When an event was last written above. */
  readonly #written = new LRUCache<string, number>({ max: mostWaiting });
  readonly #limits = new LRUCache<string, RateLimit>({ max: mostWaiting });
  /** Since when an event waits for its pod, or for all pods to come to rest. */
  readonly #since = new LRUCache<string, number>({ max: mostWaiting });
  /** Those that a list brought: most often they are above already, written by us in a former life. */
  readonly #listed = new WeakSet<Event>();
  #refused = Number.NEGATIVE_INFINITY;

  constructor(options: LowerEventsOptions) {
    this.#options = options;
  }

  /** Takes in an event that the watch brought. */
  apply(event: Event): void {
    const key = `${event.involvedObject.namespace}/${event.involvedObject.name}`;
    const lower = this.#options.lowerPod(key);
    if (lower ? !isAbout(event, lower) : !this.#options.upperPod(key)) return;
    if (this.#options.now() - lastSeenAt(event) > oldNews) return;
    this.#waiting.set(keyOf(event), event);
    this.#options.queue.add(keyOf(event));
  }

  /** Events above live for as long as the upper API server keeps them. */
  remove(): void {}

  replace(all: Event[]): void {
    for (const event of all) {
      this.#listed.add(event);
      this.apply(event);
    }
  }

  /** Writes the newest state of one event above. @throws KubeError */
  async reconcile(eventKey: string): Promise<ReconcileResult> {
    const event = this.#waiting.get(eventKey);
    if (!event) return undefined;
    const podKey = `${event.involvedObject.namespace}/${event.involvedObject.name}`;
    const upper = this.#options.upperPod(podKey);
    const lower = this.#options.lowerPod(podKey);
    const written = this.#written.get(eventKey);
    if (upper && !lower && this.#isWithin(longestBirth, eventKey)) return { requeueAfter: birthPause };
    if (upper && lower && isAbout(event, lower) && upperUidOf(lower) === upper.metadata?.uid) {
      const pause = written === undefined ? 0 : written + repetitionPause - this.#options.now();
      if (pause > 0) return { requeueAfter: pause };
      if (this.#mayWait(eventKey)) return { requeueAfter: busyPause };
      const isListed = this.#listed.has(event);
      const isTried = isListed || written !== undefined;
      const isAbove = isTried && (await this.#repeat(eventKey, event, { isNew: !isListed }));
      if (!isAbove && (isListed || !isTried)) await this.#create(eventKey, event, upper);
    }
    if (this.#waiting.get(eventKey) === event) this.#waiting.delete(eventKey);
    return undefined;
  }

  /** News of pods may be late, but not as late as a burst may last. */
  #mayWait(eventKey: string): boolean {
    if (this.#options.isBusy() && this.#isWithin(longestWait, eventKey)) return true;
    this.#since.delete(eventKey);
    return false;
  }

  /** Whether an event has waited for less than so many milliseconds. */
  #isWithin(patience: number, eventKey: string): boolean {
    const now = this.#options.now();
    const since = this.#since.get(eventKey) ?? now;
    this.#since.set(eventKey, since);
    if (now - since < patience) return true;
    this.#since.delete(eventKey);
    return false;
  }

  async #create(eventKey: string, event: Event, upper: Pod): Promise<void> {
    if (!this.#allows(upper)) return;
    try {
      await this.#options.upper.create(events, eventUp(event, upper));
    } catch (error) {
      if (hasCode(error, 'AlreadyExists')) {
        await this.#repeat(eventKey, event, { isNew: false });
        return;
      }
      // Its namespace or pod is going, and nobody will ask for the news; or it is not lawful above and never will be.
      if (!hasCode(error, 'Forbidden', 'NotFound', 'Invalid', 'BadRequest')) throw error;
      this.#tellRefusal(error);
    }
    this.#written.set(eventKey, this.#options.now());
  }

  /**
   * @param isNew whether it is known to differ; after a start what is above most often says the same already
   * @returns whether it is there to be repeated
   */
  async #repeat(eventKey: string, event: Event, { isNew }: { isNew: boolean }): Promise<boolean> {
    const { namespace, name = '' } = event.metadata;
    this.#written.set(eventKey, this.#options.now());
    try {
      if (!isNew && isTold(event, await this.#options.upper.get(events, { namespace, name }))) return true;
      await this.#options.upper.patch(events, { namespace, name }, repetition(event));
      return true;
    } catch (error) {
      this.#written.delete(eventKey);
      // It lived out its hour above: the next time it is written anew.
      if (hasCode(error, 'NotFound')) return false;
      if (!hasCode(error, 'Forbidden', 'Invalid')) throw error;
      this.#tellRefusal(error);
      return true;
    }
  }

  #tellRefusal(error: KubeError): void {
    const now = this.#options.now();
    if (!hasCode(error, 'Forbidden') || now - this.#refused < refusalPause) return;
    this.#refused = now;
    this.#options.onRefused(error.message);
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

function isAbout({ involvedObject }: Event, { metadata }: Pod): boolean {
  return involvedObject.uid === metadata?.uid;
}
