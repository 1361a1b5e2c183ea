/**
 * How lower clusters are ranked for a pod: `least-allocated` as kube-scheduler's defaults rank nodes (free share,
 * balance, taints, spread, preferred affinity); `best-fit` prefers the cluster with the node where least is left over
 * beside the pod, `worst-fit` the one where most is.
 */
export const rankStrategies = ['least-allocated', 'best-fit', 'worst-fit'] as const;
export type RankStrategy = (typeof rankStrategies)[number];
