import type { Explanation } from '../scheduling/fit.ts';

const mostReasons = 4;

/**
 * Why a lower cluster cannot take a pod, to stand behind a number of virtual nodes in what kube-scheduler says.
 *
 * @example "virtual node(s) with 0/100 lower nodes that fit: 60 Insufficient cpu, 40 node(s) were unschedulable"
 */
export function refusalText({ nodes, feasible, reasons, ownReason }: Explanation): string {
  const counted = [...reasons].sort(([one, many], [other, more]) => more - many || (one < other ? -1 : 1));
  const shown = counted.slice(0, mostReasons).map(([reason, count]) => `${count} ${reason}`);
  if (counted.length > mostReasons) shown.push('...');
  const why = ownReason ?? shown.join(', ');
  return `virtual node(s) with ${feasible}/${nodes} lower nodes that fit${why ? `: ${why}` : ''}`;
}
