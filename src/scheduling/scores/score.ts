import type { ClusterState } from '../cluster-state.ts';
import type { Candidate } from '../filter.ts';

/** How well a node suits a pod in one respect: 0 to 100, so that nodes of several clusters can be compared. */
export interface Scorer {
  readonly weight: number;
  /** None when all nodes are alike to this pod. */
  prepare(state: ClusterState, pod: Candidate): ((slot: number) => number) | undefined;
}
