import type { Candidate } from '../filter.ts';
import type { ResourceTable } from '../resource-table.ts';
import type { Scorer } from './score.ts';

const resources = ['cpu', 'memory'] as const;

/** What kube-scheduler takes a pod for that requests nothing, so that such pods are spread, too: 100m and 200 MiB. */
const atLeast = { cpu: 100, memory: 200 * 1024 * 1024 };

/** Prefers nodes with a large share free beside the pod (NodeResourcesFit, LeastAllocated). */
export const leastAllocated: Scorer = {
  weight: 1,
  prepare: ({ nodes }, pod) => {
    const shares = freeShares(nodes.resources, pod);
    return (slot) => 100 * mean(shares(slot));
  },
};

/** Prefers nodes whose cpu and memory are used alike (NodeResourcesBalancedAllocation). */
export const balanced: Scorer = {
  weight: 1,
  prepare: ({ nodes }, pod) => {
    const shares = freeShares(nodes.resources, pod);
    return (slot) => {
      const [cpu, memory] = shares(slot);
      return 100 * (1 - Math.abs(cpu - memory) / 2);
    };
  },
};

/** Prefers nodes with little free beside the pod: large gaps stay for large pods. */
export const mostAllocated: Scorer = {
  weight: 1,
  prepare: ({ nodes }, pod) => {
    const shares = freeShares(nodes.resources, pod);
    return (slot) => 100 * (1 - mean(shares(slot)));
  },
};

/** The share of cpu and of memory that is free on a node once the pod is there. */
function freeShares(table: ResourceTable, pod: Candidate): (slot: number) => [cpu: number, memory: number] {
  const [cpu, memory] = resources.map((resource) => {
    const asked = pod.requests.find((each) => each.resource === resource)?.amount ?? atLeast[resource];
    const column = table.column(resource);
    return (slot: number) => {
      const there = column?.allocatable[slot] ?? 0;
      const free = there - (column?.requested[slot] ?? 0) - asked;
      return there > 0 && free > 0 ? free / there : 0;
    };
  });
  return (slot) => [cpu?.(slot) ?? 0, memory?.(slot) ?? 0];
}

function mean([cpu, memory]: readonly [number, number]): number {
  return (cpu + memory) / 2;
}
