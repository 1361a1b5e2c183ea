import type { ClusterState } from './cluster-state.ts';
import type { PodFacts } from './pod-facts.ts';
import type { ResourceColumn } from './resource-table.ts';
import type { SlotSet } from './slot-set.ts';

/** So many rivals that are alike, where they may come to, and whether the presence of one alone closes a node. */
export interface Closer {
  readonly count: number;
  readonly pod: PodFacts;
  readonly reach: SlotSet;
  readonly excludes: boolean;
}

interface Need {
  readonly amount: number;
  readonly column: ResourceColumn | undefined;
  /** What each rival takes of it. */
  readonly taken: readonly number[];
}

/**
 * How much of a node each rival of a pod closes when it comes there: the share that it takes of the least that must
 * be taken beside the pod until the pod does not fit, of the resource of which this is most; all of it when they
 * exclude each other.
 */
export class ClosingShares {
  readonly #closers: readonly Closer[];
  readonly #needs: readonly Need[];

  constructor({ nodes }: ClusterState, { requests }: PodFacts, closers: readonly Closer[]) {
    this.#closers = closers;
    this.#needs = requests.map(({ resource, amount }) => ({
      amount,
      column: nodes.resources.column(resource),
      taken: closers.map(({ pod }) => pod.requests.find((each) => each.resource === resource)?.amount ?? 0),
    }));
  }

  /** How many kinds of rivals there are. */
  get kinds(): number {
    return this.#closers.length;
  }

  /** How many rivals there are of a kind. */
  countOf(index: number): number {
    return this.#closers[index]?.count ?? 0;
  }

  /** The share of one rival of a kind, by its place in the list, in a node that takes the pod: 0 to 1. */
  of(index: number, slot: number): number {
    const closer = this.#closers[index];
    if (!closer?.reach.has(slot)) return 0;
    if (closer.excludes) return 1;
    let share = 0;
    for (const { amount, column, taken } of this.#needs) {
      // Amounts are whole: the pod still fits when exactly nothing is left beside it.
      const closes = (column?.free(slot) ?? 0) - amount + 1;
      const part = (taken[index] ?? 0) / Math.max(1, closes);
      if (part > share) share = part;
    }
    return Math.min(1, share);
  }
}
