import type { Filter } from '../filter.ts';
import type { ResourceColumn } from '../resource-table.ts';

interface Need {
  readonly amount: number;
  readonly resource: string;
  readonly column: ResourceColumn | undefined;
}

/** A node must have free what the pod requests of each resource, and a place for one more pod. */
export const resources: Filter = {
  plugin: 'NodeResourcesFit',
  prepare({ nodes }, { requests }) {
    const needs = requests.map(({ resource, amount }) => ({
      amount,
      resource,
      column: nodes.resources.column(resource),
    }));
    // What few nodes have is asked first; devices come last in a list of requests.
    const rareFirst = needs.toReversed();
    let lists: Map<number, readonly string[]> | undefined;
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
        // One list for all nodes that lack the same, and none before there is such a node.
        lists ??= new Map();
        const known = lists.get(lacking);
        if (known) return known;
        const list = needs.filter((need) => !isMet(need, slot)).map(reasonOf);
        lists.set(lacking, list);
        return list;
      },
    };
  },
};

function reasonOf({ resource }: Need): string {
  return resource === 'pods' ? 'Too many pods' : `Insufficient ${resource}`;
}

/** A resource that nobody has or asked for has no column. */
function isMet({ amount, column }: Need, slot: number): boolean {
  return column !== undefined && amount <= column.free(slot);
}
