import type { ClusterState } from './cluster-state.ts';
import { lastingTest } from './feasibility.ts';
import type { Candidate } from './filter.ts';
import { requiredNodes } from './filters/node-affinity.ts';
import type { SlotTest } from './node-selector.ts';
import { SlotSet } from './slot-set.ts';

/** Nodes, told by a test; only looked at one by one when it must be known whether two ranges meet. */
export class Range {
  readonly has: SlotTest;
  readonly #limit: number;
  readonly #isBroad: boolean;
  #slots: SlotSet | undefined;

  /** @param isBroad set when it leaves out no more than a few nodes, so that it meets every other such range */
  constructor({ nodes }: ClusterState, has: SlotTest, isBroad: boolean) {
    this.has = has;
    this.#limit = nodes.limit;
    this.#isBroad = isBroad;
  }

  /** Whether some node is in both, or may be. */
  meets(other: Range): boolean {
    return (this.#isBroad && other.#isBroad) || this.#all().overlaps(other.#all());
  }

  #all(): SlotSet {
    if (this.#slots) return this.#slots;
    const slots = new SlotSet(this.#limit);
    for (let slot = 0; slot < this.#limit; slot += 1) if (this.has(slot)) slots.add(slot);
    this.#slots = slots;
    return slots;
  }
}

/** The nodes that a pod may ever be on, as long as no node changes. */
export function reachOf(state: ClusterState, pod: Candidate): Range {
  return new Range(state, lastingTest(state, pod) ?? (() => false), !asksForNodes(pod));
}

/** The nodes on which the pod's own spread counts others, or some more. */
export function fieldOf(state: ClusterState, pod: Candidate): Range {
  const isNarrow = asksForNodes(pod) && pod.spread.every(({ honorsAffinity }) => honorsAffinity);
  return new Range(state, (isNarrow && requiredNodes(state.nodes, pod)) || (() => true), !isNarrow);
}

function asksForNodes({ nodeName, nodeSelector, nodeTerms }: Candidate): boolean {
  return nodeName !== undefined || nodeTerms !== undefined || Object.keys(nodeSelector).length > 0;
}
