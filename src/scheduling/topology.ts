import type { NodeTable } from './node-table.ts';
import type { ValueColumn } from './value-column.ts';

/** A set of domains of one topology key, filled by nodes that are in them. */
export class TopologyValues {
  readonly #column: ValueColumn | undefined;
  readonly #marked: Uint8Array;
  #isEmpty = true;

  constructor(nodes: NodeTable, topologyKey: string) {
    this.#column = nodes.label(topologyKey);
    this.#marked = new Uint8Array(this.#column?.limit ?? 1);
  }

  /** Whether no domain is in the set. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Adds the domains of these nodes. */
  addAll(slots: ReadonlyMap<number, number>): void {
    if (!this.#column) return;
    const { ids } = this.#column;
    for (const slot of slots.keys()) {
      const number = ids[slot] ?? 0;
      if (number === 0) continue;
      this.#marked[number] = 1;
      this.#isEmpty = false;
    }
  }

  /** Whether a node is in any domain at all: it has the label. */
  covers(slot: number): boolean {
    return (this.#column?.ids[slot] ?? 0) !== 0;
  }

  /** Whether the domain of a node is in the set. */
  has(slot: number): boolean {
    return this.#marked[this.#column?.ids[slot] ?? 0] === 1;
  }
}
