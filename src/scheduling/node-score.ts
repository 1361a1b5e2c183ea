import type { ClusterState } from './cluster-state.ts';
import { feasibleSlots } from './feasibility.ts';
import type { Candidate } from './filter.ts';
import type { RankStrategy } from './rank-strategy.ts';
import { scorers } from './scores/index.ts';

/** The node that suits a pod best among those that can take it, and how well, 0 to 100. */
export function bestNode(
  state: ClusterState,
  pod: Candidate,
  strategy: RankStrategy,
): { readonly slot: number; readonly score: number } | undefined {
  let best: { slot: number; score: number } | undefined;
  let parts: ReturnType<typeof prepared> | undefined;
  for (const slot of feasibleSlots(state, pod)) {
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
