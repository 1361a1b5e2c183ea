import type { PersistentVolumeClaim } from '../kube/types.ts';
import type { ClusterState } from './cluster-state.ts';
import type { SlotTest } from './node-selector.ts';
import type { PodFacts } from './pod-facts.ts';

/** A pod to find a place for, and the claims that will be made with it, if there are any. */
export interface Candidate extends PodFacts {
  readonly claimsToCome?: readonly PersistentVolumeClaim[];
}

/** Why a node is refused: one reason, or several at once. */
export type Refusal = string | readonly string[];

/** What a filter found out before it is asked about single nodes. */
type Prepared =
  /** It has nothing against any node. */
  | undefined
  /** It refuses the pod as such, whatever the node. */
  | { readonly refusesPod: string }
  /** It looks at single nodes. */
  | {
      /** Why it refuses the node in a slot. */
      readonly check: (slot: number) => Refusal | undefined;
      /** The same without a reason, where that is quicker. */
      readonly passes?: SlotTest;
      /** Set when it will refuse every node. */
      readonly refusesAll?: boolean;
    };

/** One rule of kube-scheduler: its PreFilter is `prepare`, its Filter the `check` that comes of it. */
export interface Filter {
  /** The plugin of kube-scheduler that has this rule. */
  readonly plugin: string;
  /** Called once for each pod and cluster. Walks neither all pods nor all volumes. */
  prepare(state: ClusterState, pod: Candidate): Prepared;
}
