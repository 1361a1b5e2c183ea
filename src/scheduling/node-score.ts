import type { ClusterState } from './cluster-state.ts';
import { feasibleSlots } from './feasibility.ts';
import type { Candidate } from './filter.ts';
import type { RankStrategy } from './rank-strategy.ts';
import { scorers } from './scores/index.ts';

/**
 * The node that suits a pod best among those that can take it, and how well, 0 to 100.
 *
 * @param most so many that can take it are compared, like kube-scheduler's minFeasibleNodesToFind; all unless told
 */
export function bestNode(
  state: ClusterState,
  pod: Candidate,
  strategy: RankStrategy,
  most = Number.POSITIVE_INFINITY,
): { readonly slot: number; readonly score: number } | undefined {
  let best: { slot: number; score: number } | undefined;
  let parts: ReturnType<typeof prepared> | undefined;
  let left = most;
  for (const slot of feasibleSlots(state, pod)) {
    if (left === 0) break;
    left -= 1;
    parts ??= prepared(state, pod, strategy);
    let sum = 0;
    for (const { weight, score } of parts.each) sum += weight * score(slot);
    const score = sum / parts.weight;
    if (!best || score > best.score) best = { slot, score };
  }
  return best;
}

function prepared(state: ClusterState, pod: Candidate, strategy: RankStrategy) {
  const each = scorers[strategy].flatMap(({ weight, prepare }) => {
    const score = prepare(state, pod);
    return score ? [{ weight, score }] : [];
  });
  return { each, weight: each.reduce((sum, { weight }) => sum + weight, 0) };
}
