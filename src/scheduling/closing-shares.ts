import type { ClusterState } from './cluster-state.ts';
import type { PodFacts } from './pod-facts.ts';
import type { Range } from './range.ts';
import type { ResourceColumn } from './resource-table.ts';

/** So many rivals that are alike, where they may come to, and whether the presence of one alone closes a node. */
export interface Closer {
  readonly identity: string;
  readonly count: number;
  readonly pod: PodFacts;
  readonly reach: Range;
  readonly excludes: boolean;
}

interface Need {
  readonly resource: string;
  readonly amount: number;
  readonly column: ResourceColumn | undefined;
}

/**
 * How much of a node each rival of a pod closes when it comes there: the share that it takes of the least that must
 * be taken beside the pod until the pod does not fit, of the resource of which this is most; all of it when they
 * exclude each other.
 */
export class ClosingShares {
  readonly closers: readonly Closer[];
  readonly #needs: readonly Need[];

  constructor({ nodes }: ClusterState, { requests }: PodFacts, closers: readonly Closer[]) {
    this.closers = closers;
    this.#needs = requests.map(({ resource, amount }) => ({
      resource,
      amount,
      column: nodes.resources.column(resource),
    }));
  }

  /** How often all rivals together close a node that takes the pod. */
  sum(slot: number): number {
    return this.closers.reduce((sum, closer) => sum + closer.count * this.of(closer, slot), 0);
  }

  /** The share of one rival in a node that takes the pod: 0 to 1. */
  of({ pod, reach, excludes }: Closer, slot: number): number {
    if (!reach.has(slot)) return 0;
    if (excludes) return 1;
    let share = 0;
    for (const { resource, amount, column } of this.#needs) {
      // Amounts are whole: the pod still fits when exactly nothing is left beside it.
      const closes = Math.max(1, (column?.free(slot) ?? 0) - amount + 1);
      for (const taken of pod.requests) {
        if (taken.resource !== resource) continue;
        const part = taken.amount / closes;
        if (part > share) share = part;
      }
    }
    return Math.min(1, share);
  }
}
