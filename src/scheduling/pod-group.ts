import type { AffinityTerm } from './affinity-term.ts';
import type { Amount } from './amounts.ts';
import type { Labels } from './label-selector.ts';
import type { HostPort, PodFacts } from './pod-facts.ts';

/**
 * Pods that are alike for every filter: the replicas of one template. Selectors are asked once for a group, not
 * for each pod.
 */
export interface PodGroup {
  readonly identity: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly requests: readonly Amount[];
  readonly ports: readonly HostPort[];
  readonly antiAffinity: readonly AffinityTerm[];
  /** How many of them are on the node of each slot. */
  readonly slots: Map<number, number>;
  /** How many of those are being deleted. */
  readonly terminating: Map<number, number>;
  /** How many there are, on known nodes or not. */
  size: number;
}

/** The group that a pod belongs to, still empty. */
export function newGroup(identity: string, facts: PodFacts): PodGroup {
  const { namespace, labels, requests, ports, antiAffinity } = facts;
  return {
    identity,
    namespace,
    labels,
    requests,
    ports,
    antiAffinity,
    slots: new Map(),
    terminating: new Map(),
    size: 0,
  };
}

/** Equal for pods of one group. */
export function groupIdentity({ namespace, labels, requests, ports, antiAffinity }: PodFacts): string {
  const terms = antiAffinity.map(({ identity }) => identity);
  return JSON.stringify([
    namespace,
    labels,
    requests.map(({ resource, amount }) => [resource, amount]),
    ports,
    terms,
  ]);
}

/** Adds to a count, and forgets it at zero. */
export function count(counts: Map<number, number>, slot: number, change: 1 | -1): void {
  const after = (counts.get(slot) ?? 0) + change;
  if (after > 0) counts.set(slot, after);
  else counts.delete(slot);
}
