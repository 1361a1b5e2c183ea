import type { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import type { Logger } from '../kube/logger.ts';
import type { ReflectorObserver } from '../kube/reflector.ts';
import type { Pod } from '../kube/types.ts';
import type { QueueObserver } from '../kube/work-queue.ts';
import type { Owner } from '../translate/marks.ts';
import type { Refusal } from '../translate/refusal.ts';
import type { ClusterConfiguration } from './lower-cluster.ts';
import type { Reachability } from './lower-health.ts';
import type { SidedState } from './sided-watches.ts';

/** What a controller of one virtual node works with; both caches are full, and stay the provider's. */
export interface ControllerContext {
  readonly upper: Client;
  readonly lower: Client;
  readonly owner: Owner;
  readonly configuration: ClusterConfiguration;
  /** The pods of the virtual node; the index `claim` finds those that use a claim. */
  readonly upperPods: Pick<Cache<Pod, 'claim'>, 'get' | 'entries' | 'by' | 'keysBy' | 'subscribe'>;
  /** Every pod of the lower cluster; of those that do not come from above only what they take. */
  readonly lowerPods: Pick<Cache<Pod>, 'get' | 'entries' | 'subscribe'>;
  /** Whether the lower cluster answers; while it does not, nothing is to be written there. */
  isReachable(): boolean;
  /** The same, with the reason why it does not. */
  reachability(): Reachability;
  /** Asks the lower cluster now whether it answers and is still the one we know. */
  confirmReachable(): Promise<boolean>;
  /** Namespaces below. */
  readonly namespaces: {
    /** Resolves when the namespace exists below. @throws KubeError */
    ensure(name: string): Promise<void>;
    /** After a call failed for want of the namespace: the next `ensure` looks again. */
    forget(name: string): void;
  };
  /** Looks at a pod again: what kept it from going down may be over. */
  addPod(key: string): void;
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
  readonly watches: readonly SidedState[];
  /** Why a pod must not go down yet; undefined when nothing is in its way. Asked often, reads only caches. */
  refusalOf?(pod: Pod): Refusal | undefined;
  /** The lower cluster does not answer any more. */
  lost?(): void;
  /** The lower cluster answers again: watches may be half open, and keys were passed over. */
  reconnect(): void;
  /** Lets reconciles under way finish and ends watches. */
  stop(): Promise<void>;
}

/** Starts a controller for a virtual node; called once both clusters' pods are known. */
export type StartController = (context: ControllerContext) => Controller;
