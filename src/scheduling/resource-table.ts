import type { Amount } from './amounts.ts';
import { reach } from './reach.ts';

const initialLength = 64;

/** One resource on every node: what there is and what pods have asked for, by slot. */
export class ResourceColumn {
  #allocatable = new Float64Array(initialLength);
  #requested = new Float64Array(initialLength);
  /** The most that is free on any node; undefined when it must be looked for again. */
  #peak: number | undefined = 0;

  allocatable(slot: number): number {
    return this.#allocatable[slot] ?? 0;
  }

  requested(slot: number): number {
    return this.#requested[slot] ?? 0;
  }

  /** What is free on a node; below zero when it gave more than it has. */
  free(slot: number): number {
    return (this.#allocatable[slot] ?? 0) - (this.#requested[slot] ?? 0);
  }

  /** What is free on the node where most is: whoever asks for more need not look at any. */
  mostFree(): number {
    if (this.#peak === undefined) {
      let peak = 0;
      for (let slot = 0; slot < this.#allocatable.length; slot += 1) peak = Math.max(peak, this.free(slot));
      this.#peak = peak;
    }
    return this.#peak;
  }

  set(slot: number, allocatable: number, requested: number): void {
    if (slot >= this.#allocatable.length) {
      if (allocatable === 0 && requested === 0) return;
      const length = Math.max(slot + 1, this.#allocatable.length * 2);
      this.#allocatable = longer(this.#allocatable, length);
      this.#requested = longer(this.#requested, length);
    }
    const before = this.free(slot);
    this.#allocatable[slot] = allocatable;
    this.#requested[slot] = requested;
    if (this.#peak === undefined) return;
    const after = allocatable - requested;
    if (after >= this.#peak) this.#peak = after;
    else if (before === this.#peak) this.#peak = undefined;
  }
}

/** The resources of all nodes, in one column for each resource. */
export class ResourceTable {
  readonly #columns = new Map<string, ResourceColumn>();

  /** The column of a resource; a resource that nobody has or asks for has none. */
  column(resource: string): ResourceColumn | undefined {
    return this.#columns.get(resource);
  }

  /** Replaces what a node has to give. */
  setAllocatable(slot: number, amounts: readonly Amount[]): void {
    const given = new Map(amounts.map(({ resource, amount }) => [resource, amount]));
    for (const [resource, column] of this.#columns) {
      if (!given.has(resource)) column.set(slot, 0, column.requested(slot));
    }
    for (const [resource, amount] of given) {
      const column = this.#reach(resource);
      column.set(slot, amount, column.requested(slot));
    }
  }

  /** Forgets a node and what was asked of it. */
  clear(slot: number): void {
    for (const column of this.#columns.values()) column.set(slot, 0, 0);
  }

  /** Counts a pod on a node. */
  take(slot: number, amounts: readonly Amount[]): void {
    for (const { resource, amount } of amounts) {
      const column = this.#reach(resource);
      column.set(slot, column.allocatable(slot), column.requested(slot) + amount);
    }
  }

  /**
   * Counts a pod on a node no more. False when a sum was too large to be exact: all its pods must be counted again.
   */
  give(slot: number, amounts: readonly Amount[]): boolean {
    let exact = true;
    for (const { resource, amount } of amounts) {
      const column = this.#reach(resource);
      const before = column.requested(slot);
      if (before > Number.MAX_SAFE_INTEGER) exact = false;
      column.set(slot, column.allocatable(slot), before - amount);
    }
    return exact;
  }

  /** Forgets what was asked of a node, to count it again. */
  clearRequested(slot: number): void {
    for (const column of this.#columns.values()) column.set(slot, column.allocatable(slot), 0);
  }

  #reach(resource: string): ResourceColumn {
    return reach(this.#columns, resource, () => new ResourceColumn());
  }
}

function longer(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(length);
  copy.set(array);
  return copy;
}
