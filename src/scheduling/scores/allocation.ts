import type { Candidate } from '../filter.ts';
import type { ResourceColumn, ResourceTable } from '../resource-table.ts';
import type { Scorer } from './score.ts';

/** What kube-scheduler takes a pod for that requests nothing, so that such pods are spread, too: 100m and 200 MiB. */
export const atLeast = { cpu: 100, memory: 200 * 1024 * 1024 };

/** How much is free, 0 to 1, by the shares of cpu and of memory that are. */
export const emptiness = (cpu: number, memory: number): number => (cpu + memory) / 2;

/** How alike cpu and memory are used, 0 to 1, by the shares of them that are free. */
export const evenness = (cpu: number, memory: number): number => 1 - Math.abs(cpu - memory) / 2;

/** Prefers nodes with a large share free beside the pod (NodeResourcesFit, LeastAllocated). */
export const leastAllocated = scorer(
  (cpu, memory) => (slot) => 100 * emptiness(cpu.of(slot), memory.of(slot)),
);

/** Prefers nodes whose cpu and memory are used alike (NodeResourcesBalancedAllocation). */
export const balanced = scorer((cpu, memory) => (slot) => 100 * evenness(cpu.of(slot), memory.of(slot)));

/** Prefers nodes with little free beside the pod: large gaps stay for large pods. */
export const mostAllocated = scorer(
  (cpu, memory) => (slot) => 100 * (1 - emptiness(cpu.of(slot), memory.of(slot))),
);

/**
 * A score made of the shares of cpu and of memory that are free. Each brings the whole function that is called for every
 * node: where one was shared and called another, every share that it passed on was left as garbage.
 */
function scorer(scoreBy: (cpu: FreeShare, memory: FreeShare) => (slot: number) => number): Scorer {
  return {
    weight: 1,
    prepare: ({ nodes: { resources } }, pod) =>
      scoreBy(new FreeShare(resources, pod, 'cpu'), new FreeShare(resources, pod, 'memory')),
  };
}

/** Which share of a resource is free on a node once a pod is there, 0 to 1. */
class FreeShare {
  readonly #asked: number;
  readonly #column: ResourceColumn | undefined;

  constructor(table: ResourceTable, pod: Candidate, resource: 'cpu' | 'memory') {
    this.#asked = pod.requests.find((each) => each.resource === resource)?.amount ?? atLeast[resource];
    this.#column = table.column(resource);
  }

  of(slot: number): number {
    const column = this.#column;
    const there = column?.allocatable(slot) ?? 0;
    return column && there > 0 ? Math.max(0, (column.free(slot) - this.#asked) / there) : 0;
  }
}
