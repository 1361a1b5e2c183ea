import type { ClusterState } from '../cluster-state.ts';
import type { Candidate, Filter, Refusal } from '../filter.ts';
import { all, type SlotTest } from '../node-selector.ts';
import type { NodeTable } from '../node-table.ts';
import type { SpreadConstraint } from '../spread-constraint.ts';
import { keepingOff, untolerated } from '../toleration.ts';
import { requiredNodes } from './node-affinity.ts';

const missingLabel = "node(s) didn't match pod topology spread constraints (missing required label)";
const tooUneven = "node(s) didn't match pod topology spread constraints";

/** The pods that a constraint counts stay evenly spread over the domains of its key. */
export const topologySpread: Filter = {
  plugin: 'PodTopologySpread',
  prepare(state, pod) {
    if (pod.spread.length === 0) return undefined;
    const checks = pod.spread.map((constraint) => skewCheck(state, pod, constraint));
    return {
      check: (slot) => {
        for (const check of checks) {
          const reason = check(slot);
          if (reason) return reason;
        }
        return undefined;
      },
    };
  },
};

function skewCheck(
  state: ClusterState,
  pod: Candidate,
  constraint: SpreadConstraint,
): (slot: number) => Refusal | undefined {
  const column = state.nodes.label(constraint.topologyKey);
  if (!column) return () => missingLabel;
  const { counts, least } = domainCounts(state, pod, constraint, column.limit);
  const self = constraint.selector.matches(pod.labels) ? 1 : 0;
  const most = constraint.maxSkew - self + least;
  return (slot) => {
    const number = column.ids[slot] ?? 0;
    if (number === 0) return missingLabel;
    return (counts[number] ?? 0) > most ? tooUneven : undefined;
  };
}

/** How many pods each domain has, and the least of them. */
function domainCounts(
  state: ClusterState,
  pod: Candidate,
  constraint: SpreadConstraint,
  limit: number,
): { counts: Int32Array; least: number } {
  const { nodes, pods } = state;
  const ids = nodes.label(constraint.topologyKey)?.ids ?? new Int32Array(0);
  const isCounted = countedNodes(nodes, pod, constraint);
  const counts = new Int32Array(limit);
  const exists = new Uint8Array(limit);
  for (const slot of nodes.slots()) if (isCounted(slot)) exists[ids[slot] ?? 0] = 1;
  // An empty selector counts nothing here, other than in affinity terms (countPodsMatchSelector).
  const groups = constraint.selector.isEmpty ? [] : pods.groups.matching(pod.namespace, constraint.selector);
  for (const { slots, terminating } of groups) {
    for (const [slot, count] of slots) {
      if (!isCounted(slot)) continue;
      const number = ids[slot] ?? 0;
      counts[number] = (counts[number] ?? 0) + count - (terminating.get(slot) ?? 0);
    }
  }
  let domains = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let number = 1; number < limit; number += 1) {
    if (exists[number] !== 1) continue;
    domains += 1;
    least = Math.min(least, counts[number] ?? 0);
  }
  return { counts, least: domains < constraint.minDomains ? 0 : least };
}

/** Nodes that have all the keys, and that the pod could be on where the constraint's policies say so. */
function countedNodes(nodes: NodeTable, pod: Candidate, constraint: SpreadConstraint): SlotTest {
  const tests: SlotTest[] = pod.spread.map(({ topologyKey }) => {
    const ids = nodes.label(topologyKey)?.ids;
    return (slot) => (ids?.[slot] ?? 0) !== 0;
  });
  const required = constraint.honorsAffinity ? requiredNodes(nodes, pod) : undefined;
  if (required) tests.push(required);
  const taintOf = constraint.honorsTaints ? untolerated(nodes, pod.tolerations, keepingOff) : undefined;
  if (taintOf) tests.push((slot) => taintOf(slot) === undefined);
  return all(tests);
}
