import { LRUCache } from 'lru-cache';
import type { Client } from './client.ts';
import { events, keyOf, type Resource } from './resources.ts';
import type { Event, KubeObject } from './types.ts';

export interface RecordedEvent {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

export interface EventRecorderOptions {
  /** Shown as the source of the events. */
  component: string;
  /** The node on which it happened, as users see it. */
  host: string;
  now?: () => Date;
  onError?: (error: unknown) => void;
}

/** The same event about the same object is written at most once in this time, in milliseconds. */
const repeatAfter = 300_000;
const longestMessage = 1_024;
/** Events waiting for an answer; while a cluster is away, further ones are let go rather than piled up. */
const mostUnderWay = 256;

/** Writes events that `kubectl describe` shows. It never fails and never waits: an event is only news. */
export class EventRecorder {
  readonly #client: Client;
  readonly #options: EventRecorderOptions;
  readonly #now: () => Date;
  readonly #written: LRUCache<string, true>;
  #underWay = 0;

  constructor(client: Client, options: EventRecorderOptions) {
    this.#client = client;
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
    const perf = { now: () => this.#now().getTime() };
    this.#written = new LRUCache({ max: 4_096, ttl: repeatAfter, perf, ttlResolution: 0 });
  }

  /** Returns whether it is news: false when the same was written lately, or too many wait. */
  record<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    { type, reason, message }: RecordedEvent,
  ): boolean {
    const { namespace = 'default', name = '', uid = '', resourceVersion } = object.metadata ?? {};
    const once = `${uid}\n${reason}\n${message}`;
    if (this.#written.has(once)) return false;
    if (this.#underWay >= mostUnderWay) {
      this.#options.onError?.(
        new Error(`the event ${reason} of ${keyOf(object)} was dropped: too many wait`),
      );
      return false;
    }
    this.#written.set(once, true);
    const now = this.#now();
    const time = now.toISOString().replace(/\.\d+Z$/, 'Z');
    const event: Event = {
      metadata: { namespace, name: `${name.slice(0, 230).replace(/[^a-z0-9]+$/, '')}.${eventSuffix(now)}` },
      involvedObject: {
        apiVersion: resource.apiVersion,
        kind: resource.kind,
        name,
        uid,
        ...(resource.namespaced ? { namespace } : {}),
        ...(resourceVersion ? { resourceVersion } : {}),
      },
      type,
      reason,
      message: message.slice(0, longestMessage),
      source: { component: this.#options.component, host: this.#options.host },
      reportingComponent: this.#options.component,
      reportingInstance: this.#options.host,
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    };
    this.#underWay += 1;
    this.#client
      .create(events, event)
      .catch((error: unknown) => {
        this.#written.delete(once);
        this.#options.onError?.(error);
      })
      .finally(() => {
        this.#underWay -= 1;
      });
    return true;
  }
}

/** Unique within the object's name: time and a random part, as client-go makes them from nanoseconds. */
function eventSuffix(now: Date): string {
  const random = Math.floor(Math.random() * 0xffffff);
  return now.getTime().toString(16) + random.toString(16).padStart(6, '0');
}
