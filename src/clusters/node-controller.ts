import type { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Logger } from '../kube/logger.ts';
import type { ReflectorObserver, ReflectorState } from '../kube/reflector.ts';
import type { Pod } from '../kube/types.ts';
import type { QueueObserver } from '../kube/work-queue.ts';
import type { Owner } from '../translate/marks.ts';
import type { Refusal } from '../translate/refusal.ts';
import type { Reachability } from './lower-health.ts';

/** What a virtual node lends to the controllers that work beside its pods. */
export interface NodeContext {
  readonly upper: Client;
  readonly lower: Client;
  readonly owner: Owner;
  /** The upper namespace to serve; all of them when undefined. */
  readonly namespace: string | undefined;
  /** The upper pods on this virtual node; the index `claim` finds those that use a claim. */
  readonly upperPods: Pick<Cache<Pod, 'claim'>, 'get' | 'by' | 'keysBy' | 'entries' | 'subscribe'>;
  /** Writes events above. */
  readonly events: EventRecorder;
  /** Namespaces below. */
  readonly namespaces: {
    /** Resolves when the namespace exists below. @throws KubeError */
    ensure(name: string): Promise<void>;
    /** After a call failed for want of the namespace: the next `ensure` looks again. */
    forget(name: string): void;
  };
  reachability(): Reachability;
  /** Asks the lower cluster now whether it answers and is still the one we know. */
  confirmReachable(): Promise<boolean>;
  /** Looks at a pod again: what kept it from going down may be over. */
  addPod(key: string): void;
  observeQueue(name: 'claim' | 'volume'): QueueObserver | undefined;
  observeWatch(side: 'upper' | 'lower', resource: string): ReflectorObserver | undefined;
  readonly logger: Logger;
}

/** A controller of one virtual node at work. It lives as long as the node is led by this process. */
export interface NodeController {
  /** Watches until the signal aborts; never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when it knows both clusters; rejects when stopped before. */
  readonly synced: Promise<unknown>;
  /** Every watch of its own, by the side that it is of. */
  states(): readonly ({ side: 'upper' | 'lower' } & ReflectorState)[];
  /** Begins to reconcile; nothing is written before. */
  start(): void;
  /** Looks at everything again: the lower cluster was lost, or is back. */
  addEverything(): void;
  /** The lower cluster answers again: watches that may be half open begin anew. */
  reconnect(): void;
  /** Resolves when the reconciles under way are done. */
  stop(): Promise<void>;
  /** Why a pod must not go down yet; undefined when nothing is in its way. Asked at any time, reads only caches. */
  refusalOf?(pod: Pod): Refusal | undefined;
}

/** Makes a controller for a virtual node; nothing runs before `run`. */
export type CreateController = (context: NodeContext) => NodeController;
