import type { Filter } from '../filter.ts';
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
    return {
      check: (slot) => {
        let refusals: string[] | undefined;
        for (const need of needs) {
          if (isMet(need, slot)) continue;
          refusals ??= [];
          refusals.push(need.reason);
        }
        return refusals;
      },
    };
  },
};

/** A resource that nobody has or asked for has no column. */
function isMet({ amount, column }: Need, slot: number): boolean {
  if (!column) return false;
  return amount <= (column.allocatable[slot] ?? 0) - (column.requested[slot] ?? 0);
}
