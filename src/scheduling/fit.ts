import type { PersistentVolumeClaim, Pod } from '../kube/types.ts';
import { candidate, countRefusals, feasibleSlots } from './feasibility.ts';
import type { Certainty } from './in-flight.ts';
import type { Picture } from './picture.ts';
import { factsOf } from './pod-facts.ts';

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
 * Whether a pod is sure to find a place in the cluster, by the rules of kube-scheduler's filters, and to take none from
 * those that are on their way there ({@link certainty}). The pod is as it would be in the lower cluster, and must not
 * change afterwards: it is read once for all clusters.
 *
 * A pod's own promise or its own copy below does not stand in its way.
 *
 * @param claims claims of the pod that will be made below with it, and need not be there yet
 */
export function fits(picture: Picture, pod: Pod, claims: readonly PersistentVolumeClaim[] = []): boolean {
  return certainty(picture, pod, claims) === 'certain';
}

/** The names of the nodes that can take the pod: see {@link fits}, but every node is looked at. */
export function fittingNodes(
  picture: Picture,
  pod: Pod,
  claims: readonly PersistentVolumeClaim[] = [],
): string[] {
  const wanted = candidate(factsOf(pod), claims);
  return picture.asked(wanted.key, (state) =>
    [...feasibleSlots(state, wanted)].flatMap((slot) => state.nodes.nameOf(slot) ?? []),
  );
}

/** How sure a place for a pod is; see {@link fits}. Stops at the first nodes that are enough. */
export function certainty(
  picture: Picture,
  pod: Pod,
  claims: readonly PersistentVolumeClaim[] = [],
): Certainty {
  const wanted = candidate(factsOf(pod), claims);
  return picture.asked(wanted.key, (_, inFlight) => inFlight.certainty(wanted));
}

/** Why a pod fits, or does not, now: every node is looked at, and nobody that is only on the way. */
export function explain(
  picture: Picture,
  pod: Pod,
  claims: readonly PersistentVolumeClaim[] = [],
): Explanation {
  const nodes = picture.nodeCount;
  const wanted = candidate(factsOf(pod), claims);
  const found = picture.asked(wanted.key, (state) => countRefusals(state, wanted));
  if (typeof found === 'string') {
    return { feasible: 0, nodes, reasons: new Map([[found, nodes]]), ownReason: found };
  }
  // Most nodes are refused for one of a few reasons: those were counted first, and are taken apart now.
  const { feasible, counts } = found;
  const reasons = new Map<string, number>();
  for (const [refusal, count] of counts) {
    for (const reason of typeof refusal === 'string' ? [refusal] : refusal)
      reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }
  return { feasible, nodes, reasons };
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
