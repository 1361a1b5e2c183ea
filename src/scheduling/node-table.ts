import type { Node } from '../kube/types.ts';
import { allocatableOf } from './amounts.ts';
import { reach } from './reach.ts';
import { ResourceTable } from './resource-table.ts';
import { ValueColumn } from './value-column.ts';

export type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];

/**
 * The nodes of a cluster as columns: a node has a slot, a small number, and each thing that filters ask for is an
 * array over slots. A question to all nodes is then a walk over a few arrays of numbers, a thousand nodes in
 * microseconds, and nothing of the node objects is kept.
 */
export class NodeTable {
  readonly resources = new ResourceTable();
  /** The taints of a node as JSON; none for a node without. */
  readonly taints = new ValueColumn();
  /** Slots of cordoned nodes. */
  readonly unschedulable = new Set<number>();
  readonly #labels = new Map<string, ValueColumn>();
  #changes = 0;
  readonly #slots = new Map<string, number>();
  readonly #names: (string | undefined)[] = [];
  readonly #unused: number[] = [];

  get size(): number {
    return this.#slots.size;
  }

  /** Slots are below this; some may be unused. */
  get limit(): number {
    return this.#names.length;
  }

  /** Another number whenever a node came, went, or has other labels, taints or a cordon; not for its resources. */
  get changes(): number {
    return this.#changes;
  }

  slotOf(name: string): number | undefined {
    return this.#slots.get(name);
  }

  /** The node in a slot; an unused slot has none. */
  nameOf(slot: number): string | undefined {
    return this.#names[slot];
  }

  /** The values of a label; a key that no node has has none. */
  label(key: string): ValueColumn | undefined {
    return this.#labels.get(key);
  }

  /** The slots in use. */
  *slots(): IterableIterator<number> {
    yield* this.#slots.values();
  }

  /** Adds or replaces a node and returns its slot. */
  apply(node: Node): number {
    const name = node.metadata?.name ?? '';
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = this.#unused.pop() ?? this.#names.length;
      this.#slots.set(name, slot);
      this.#names[slot] = name;
      this.#changes += 1;
    }
    this.#setLabels(slot, node.metadata?.labels ?? {});
    const taints = node.spec?.taints ?? [];
    const isTaintedAnew = this.taints.set(
      slot,
      taints.length > 0 ? JSON.stringify(taints.map(bare)) : undefined,
    );
    const isCordoned = node.spec?.unschedulable ?? false;
    if (isTaintedAnew || isCordoned !== this.unschedulable.has(slot)) this.#changes += 1;
    if (isCordoned) this.unschedulable.add(slot);
    else this.unschedulable.delete(slot);
    this.resources.setAllocatable(slot, allocatableOf(node.status?.allocatable));
    return slot;
  }

  /** Forgets a node. */
  remove(name: string): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    this.#setLabels(slot, {});
    this.taints.set(slot, undefined);
    this.unschedulable.delete(slot);
    this.resources.clear(slot);
    this.#slots.delete(name);
    this.#names[slot] = undefined;
    this.#unused.push(slot);
    this.#changes += 1;
  }

  #setLabels(slot: number, labels: Record<string, string>): void {
    for (const [key, column] of this.#labels) {
      if (Object.hasOwn(labels, key)) continue;
      if (column.set(slot, undefined)) this.#changes += 1;
      if (column.isEmpty) this.#labels.delete(key);
    }
    for (const [key, value] of Object.entries(labels)) {
      if (reach(this.#labels, key, () => new ValueColumn()).set(slot, value)) this.#changes += 1;
    }
  }
}

/** Without `timeAdded`, which would make every node's taints different. */
function bare({ key, value, effect }: Taint): Taint {
  return value ? { key, value, effect } : { key, effect };
}
