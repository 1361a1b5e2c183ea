import type { Amount } from './amounts.ts';

const initialLength = 64;

/** One resource on every node: what there is and what pods have asked for, by slot. */
export interface ResourceColumn {
  allocatable: Float64Array;
  requested: Float64Array;
}

/** The resources of all nodes, in one column for each resource. */
export class ResourceTable {
  readonly #columns = new Map<string, ResourceColumn>();

  /** The column of a resource; a resource that nobody has or asks for has none. */
  column(resource: string): ResourceColumn | undefined {
    return this.#columns.get(resource);
  }

  /** What is free of a resource on a node; below zero when it gave more than it has. */
  free(slot: number, resource: string): number {
    const column = this.#columns.get(resource);
    return (column?.allocatable[slot] ?? 0) - (column?.requested[slot] ?? 0);
  }

  /** Replaces what a node has to give. */
  setAllocatable(slot: number, amounts: readonly Amount[]): void {
    for (const column of this.#columns.values()) {
      if (slot < column.allocatable.length) column.allocatable[slot] = 0;
    }
    for (const { resource, amount } of amounts) this.#reach(resource, slot).allocatable[slot] = amount;
  }

  /** Forgets a node and what was asked of it. */
  clear(slot: number): void {
    for (const column of this.#columns.values()) {
      if (slot >= column.allocatable.length) continue;
      column.allocatable[slot] = 0;
      column.requested[slot] = 0;
    }
  }

  /** Counts a pod on a node. */
  take(slot: number, amounts: readonly Amount[]): void {
    for (const { resource, amount } of amounts) {
      const { requested } = this.#reach(resource, slot);
      requested[slot] = (requested[slot] ?? 0) + amount;
    }
  }

  /**
   * Counts a pod on a node no more. False when a sum was too large to be exact: all its pods must be counted again.
   */
  give(slot: number, amounts: readonly Amount[]): boolean {
    let exact = true;
    for (const { resource, amount } of amounts) {
      const { requested } = this.#reach(resource, slot);
      const before = requested[slot] ?? 0;
      if (before > Number.MAX_SAFE_INTEGER) exact = false;
      requested[slot] = before - amount;
    }
    return exact;
  }

  /** Forgets what was asked of a node, to count it again. */
  clearRequested(slot: number): void {
    for (const { requested } of this.#columns.values()) if (slot < requested.length) requested[slot] = 0;
  }

  #reach(resource: string, slot: number): ResourceColumn {
    let column = this.#columns.get(resource);
    if (!column) {
      column = { allocatable: new Float64Array(initialLength), requested: new Float64Array(initialLength) };
      this.#columns.set(resource, column);
    }
    if (slot >= column.allocatable.length) {
      const length = Math.max(slot + 1, column.allocatable.length * 2);
      column.allocatable = longer(column.allocatable, length);
      column.requested = longer(column.requested, length);
    }
    return column;
  }
}

function longer(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(length);
  copy.set(array);
  return copy;
}
