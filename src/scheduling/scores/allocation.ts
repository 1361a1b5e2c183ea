import type { Candidate } from '../filter.ts';
import type { ResourceTable } from '../resource-table.ts';
import type { Scorer } from './score.ts';

/** What kube-scheduler takes a pod for that requests nothing, so that such pods are spread, too: 100m and 200 MiB. */
export const atLeast = { cpu: 100, memory: 200 * 1024 * 1024 };

/** How much is free, 0 to 1, by the shares of cpu and of memory that are. */
export const emptiness = (cpu: number, memory: number): number => (cpu + memory) / 2;

/** How alike cpu and memory are used, 0 to 1, by the shares of them that are free. */
export const evenness = (cpu: number, memory: number): number => 1 - Math.abs(cpu - memory) / 2;

/** Prefers nodes with a large share free beside the pod (NodeResourcesFit, LeastAllocated). */
export const leastAllocated = scorer(emptiness);

/** Prefers nodes whose cpu and memory are used alike (NodeResourcesBalancedAllocation). */
export const balanced = scorer(evenness);

/** Prefers nodes with little free beside the pod: large gaps stay for large pods. */
export const mostAllocated = scorer((cpu, memory) => 1 - emptiness(cpu, memory));

/** A score made of the shares of cpu and of memory that are free on a node once the pod is there. */
function scorer(rate: (cpu: number, memory: number) => number): Scorer {
  return {
    weight: 1,
    prepare: ({ nodes }, pod) => {
      const cpu = freeShare(nodes.resources, pod, 'cpu');
      const memory = freeShare(nodes.resources, pod, 'memory');
      return (slot) => 100 * rate(cpu(slot), memory(slot));
    },
  };
}

function freeShare(
  table: ResourceTable,
  pod: Candidate,
  resource: 'cpu' | 'memory',
): (slot: number) => number {
  const asked = pod.requests.find((each) => each.resource === resource)?.amount ?? atLeast[resource];
  const column = table.column(resource);
  if (!column) return () => 0;
  return (slot) => {
    const there = column.allocatable(slot);
    return there > 0 ? Math.max(0, (column.free(slot) - asked) / there) : 0;
  };
}
