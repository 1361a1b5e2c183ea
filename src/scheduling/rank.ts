import type { PersistentVolumeClaim, Pod } from '../kube/types.ts';
import type { Picture } from './picture.ts';

/**
 * How lower clusters are ranked for a pod: `least-allocated` as kube-scheduler's defaults rank nodes (free share,
 * balance, spread, preferred affinity); `best-fit` prefers the cluster where least is left over beside the pod,
 * `worst-fit` the one where most is.
 */
export const rankStrategies = ['least-allocated', 'best-fit', 'worst-fit'] as const;
export type RankStrategy = (typeof rankStrategies)[number];

/**
 * How well the best feasible node of a cluster suits a pod, 0 to 100; 0 when none is feasible. Figures of several
 * clusters can be compared with each other.
 *
 * @param claims see `fits`
 */
export function rank(
  _picture: Picture,
  _pod: Pod,
  _strategy: RankStrategy,
  _claims: readonly PersistentVolumeClaim[] = [],
): number {
  return 0;
}
