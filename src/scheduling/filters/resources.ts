import type { Filter } from '../filter.ts';
import { reach } from '../reach.ts';
import type { ResourceColumn } from '../resource-table.ts';

interface Need {
  readonly amount: number;
  readonly reason: string;
  readonly column: ResourceColumn | undefined;
}

/** A node must have free what the pod requests of each resource, and a place for one more pod. */
export const resources: Filter = {
  plugin: 'NodeResourcesFit',
  prepare({ nodes }, { requests }) {
    const needs = requests.map(({ resource, amount }) => ({
      amount,
      reason: resource === 'pods' ? 'Too many pods' : `Insufficient ${resource}`,
      column: nodes.resources.column(resource),
    }));
    // What few nodes have is asked first; devices come last in a list of requests.
    const rareFirst = needs.toReversed();
    const lists = new Map<number, readonly string[]>();
    return {
      refusesAll: needs.some(({ amount, column }) => amount > (column?.mostFree() ?? 0)),
      passes: (slot) => {
        for (const need of rareFirst) if (!isMet(need, slot)) return false;
        return true;
      },
      check: (slot) => {
        let lacking = 0;
        let place = 1;
        for (const need of needs) {
          if (!isMet(need, slot)) lacking += place;
          place *= 2;
        }
        if (lacking === 0) return undefined;
        // One list for all nodes that lack the same.
        return reach(lists, lacking, () =>
          needs.filter((need) => !isMet(need, slot)).map(({ reason }) => reason),
        );
      },
    };
  },
};

/** A resource that nobody has or asked for has no column. */
function isMet({ amount, column }: Need, slot: number): boolean {
  return column !== undefined && amount <= column.free(slot);
}
