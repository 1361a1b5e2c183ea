import type { PodGroup } from '../pod-group.ts';
import type { ValueColumn } from '../value-column.ts';
import type { Scorer } from './score.ts';

/** Prefers nodes whose domains have few of the pods that the pod's `ScheduleAnyway` constraints count. */
export const evenSpread: Scorer = {
  weight: 2,
  prepare({ nodes, pods }, pod) {
    if (pod.softSpread.length === 0) return undefined;
    const parts = pod.softSpread.map(({ topologyKey, selector }) => {
      const column = nodes.label(topologyKey);
      const groups = selector.isEmpty ? [] : pods.groups.matching(pod.namespace, selector);
      const counts = column && podsByDomain(column, groups);
      return { column, counts, most: counts?.reduce((most, count) => Math.max(most, count), 0) ?? 0 };
    });
    return (slot) =>
      parts.reduce((sum, { column, counts, most }) => {
        const number = column?.ids[slot] ?? 0;
        if (number === 0) return sum;
        return sum + 100 * (1 - (most === 0 ? 0 : (counts?.[number] ?? 0) / most));
      }, 0) / parts.length;
  },
};

/** Prefers nodes in the domains of pods that the pod would be with, and not in those of pods that it would not. */
export const preferredPods: Scorer = {
  weight: 2,
  prepare({ nodes, pods, namespaceLabels }, pod) {
    const total = pod.preferredPods.reduce((sum, { weight }) => sum + Math.abs(weight), 0);
    if (total === 0) return undefined;
    const parts = pod.preferredPods.flatMap(({ term, weight }) => {
      const column = nodes.label(term.topologyKey);
      return column
        ? [{ column, weight, counts: podsByDomain(column, pods.groups.meant(term, namespaceLabels)) }]
        : [];
    });
    return (slot) => {
      let sum = 0;
      for (const { column, weight, counts } of parts) {
        const number = column.ids[slot] ?? 0;
        if (number !== 0 && (counts[number] ?? 0) > 0) sum += weight;
      }
      return 50 + (50 * sum) / total;
    };
  },
};

function podsByDomain({ ids, limit }: ValueColumn, groups: Iterable<PodGroup>): Int32Array {
  const counts = new Int32Array(limit);
  for (const { slots } of groups) {
    for (const [slot, count] of slots) {
      const number = ids[slot] ?? 0;
      if (number !== 0) counts[number] = (counts[number] ?? 0) + count;
    }
  }
  return counts;
}
