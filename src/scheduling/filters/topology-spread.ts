import type { ClusterState } from '../cluster-state.ts';
import type { Candidate, Filter, Refusal } from '../filter.ts';
import type { SlotTest } from '../node-selector.ts';
import type { NodeTable } from '../node-table.ts';
import type { SpreadConstraint } from '../spread-constraint.ts';
import { keepingOff, untolerated } from '../toleration.ts';
import type { ValueColumn } from '../value-column.ts';
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
  const { counts, least } = domainCounts(state, pod, constraint, column);
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
  column: ValueColumn,
): { counts: Int32Array; least: number } {
  const { ids, limit } = column;
  const counted = countedNodes(state.nodes, pod, constraint);
  const counts = new Int32Array(limit);
  const exists = new Uint8Array(limit);
  for (let slot = 0; slot < counted.length; slot += 1) if (counted[slot] === 1) exists[ids[slot] ?? 0] = 1;
  // An empty selector counts nothing here, other than in affinity terms (countPodsMatchSelector).
  const { groups } = state.pods;
  const matching = constraint.selector.isEmpty ? [] : groups.matching(pod.namespace, constraint.selector);
  for (const { slots, terminating } of matching) {
    for (const [slot, count] of slots) {
      if (counted[slot] !== 1) continue;
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

/** 1 for nodes that have the keys of all constraints, and that the pod could be on where this one's policies say so. */
function countedNodes(nodes: NodeTable, pod: Candidate, constraint: SpreadConstraint): Uint8Array {
  const counted = new Uint8Array(nodes.limit).fill(1);
  for (const { topologyKey } of pod.spread) {
    const ids = nodes.label(topologyKey)?.ids;
    for (let slot = 0; slot < counted.length; slot += 1) if ((ids?.[slot] ?? 0) === 0) counted[slot] = 0;
  }
  const tests: SlotTest[] = [];
  const required = constraint.honorsAffinity ? requiredNodes(nodes, pod) : undefined;
  if (required) tests.push(required);
  const taintOf = constraint.honorsTaints ? untolerated(nodes, pod.tolerations, keepingOff) : undefined;
  if (taintOf) tests.push((slot) => taintOf(slot) === undefined);
  for (const test of tests) {
    for (let slot = 0; slot < counted.length; slot += 1) if (!test(slot)) counted[slot] = 0;
  }
  return counted;
}
