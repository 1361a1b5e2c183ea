import type { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import type { Logger } from '../kube/logger.ts';
import type { ReflectorObserver, ReflectorState } from '../kube/reflector.ts';
import type { Pod } from '../kube/types.ts';
import type { QueueObserver } from '../kube/work-queue.ts';
import type { Owner } from '../translate/marks.ts';
import type { ClusterConfiguration } from './lower-cluster.ts';

/** What a controller of one virtual node works with; both caches are full, and stay the provider's. */
export interface ControllerContext {
  readonly upper: Client;
  readonly lower: Client;
  readonly owner: Owner;
  readonly configuration: ClusterConfiguration;
  /** The pods of the virtual node. */
  readonly upperPods: Pick<Cache<Pod>, 'get' | 'entries' | 'subscribe'>;
  /** Every pod of the lower cluster; of those that do not come from above only what they take. */
  readonly lowerPods: Pick<Cache<Pod>, 'get' | 'entries' | 'subscribe'>;
  /** Whether the lower cluster answers; while it does not, nothing is to be written there. */
  isReachable(): boolean;
  readonly metrics: ControllerMetrics | undefined;
  readonly logger: Logger;
}

/** Where a controller tells what it does. */
interface ControllerMetrics {
  queue(name: string): QueueObserver;
  watch(side: 'upper' | 'lower', resource: string): ReflectorObserver;
}

/** A controller at work for one virtual node. */
export interface Controller {
  /** Its watches, by the side that each is of. */
  readonly watches: readonly ({ readonly side: 'upper' | 'lower' } & ReflectorState)[];
  /** The lower cluster answers again: watches may be half open, and keys were passed over. */
  reconnect(): void;
  /** Lets reconciles under way finish and ends watches. */
  stop(): Promise<void>;
}

/** Starts a controller for a virtual node; called once both clusters' pods are known. */
export type StartController = (context: ControllerContext) => Controller;
