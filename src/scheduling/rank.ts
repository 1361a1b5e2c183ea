import type { PersistentVolumeClaim, Pod } from '../kube/types.ts';
import { candidate } from './feasibility.ts';
import { bestNode } from './node-score.ts';
import type { Picture } from './picture.ts';
import { factsOf } from './pod-facts.ts';
import type { RankStrategy } from './rank-strategy.ts';

export { type RankStrategy, rankStrategies } from './rank-strategy.ts';

/** As many nodes as kube-scheduler compares in any case. */
const compared = 100;

/**
 * How well the best feasible node of a cluster suits a pod, 0 to 100; 0 when none is feasible. Of very many the first
 * hundred are looked at. Figures of several clusters can be compared with each other.
 *
 * @param claims see `fits`
 */
export function rank(
  picture: Picture,
  pod: Pod,
  strategy: RankStrategy,
  claims: readonly PersistentVolumeClaim[] = [],
): number {
  const wanted = candidate(factsOf(pod), claims);
  return picture.asked(wanted.key, (state) => bestNode(state, wanted, strategy, compared)?.score ?? 0);
}
