import type { Candidate } from '../filter.ts';
import type { ResourceTable } from '../resource-table.ts';
import type { Scorer } from './score.ts';

/** What kube-scheduler takes a pod for that requests nothing, so that such pods are spread, too: 100m and 200 MiB. */
const atLeast = { cpu: 100, memory: 200 * 1024 * 1024 };

/** Prefers nodes with a large share free beside the pod (NodeResourcesFit, LeastAllocated). */
export const leastAllocated = scorer((cpu, memory) => (cpu + memory) / 2);

/** Prefers nodes whose cpu and memory are used alike (NodeResourcesBalancedAllocation). */
export const balanced = scorer((cpu, memory) => 1 - Math.abs(cpu - memory) / 2);

/** Prefers nodes with little free beside the pod: large gaps stay for large pods. */
export const mostAllocated = scorer((cpu, memory) => 1 - (cpu + memory) / 2);

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
