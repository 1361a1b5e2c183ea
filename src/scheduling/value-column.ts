const initialLength = 64;

/**
 * One text for each slot (a node's value of a label), kept as a small number, so that a question about a value is
 * answered once for each distinct value and then looked up for each slot. The number 0 is "none"; numbers of values
 * that nobody has any more are used again.
 */
export class ValueColumn {
  /** The number of the value for each slot; what lies beyond the end has none. */
  ids = new Int32Array(initialLength);
  /** How many slots have the value of each number. */
  readonly counts: number[] = [0];
  readonly #numbers = new Map<string, number>();
  readonly #values: string[] = [''];
  readonly #unused: number[] = [];

  /** Numbers are below this. */
  get limit(): number {
    return this.counts.length;
  }

  /** Whether no slot has a value. */
  get isEmpty(): boolean {
    return this.#numbers.size === 0;
  }

  /** The number of a value; 0 when no slot has it. */
  numberOf(value: string): number {
    return this.#numbers.get(value) ?? 0;
  }

  /** All values and their numbers. */
  entries(): IterableIterator<[string, number]> {
    return this.#numbers.entries();
  }

  /** Gives a slot a value, or takes it. False when it had that already. */
  set(slot: number, value: string | undefined): boolean {
    if (slot >= this.ids.length) {
      if (value === undefined) return false;
      const longer = new Int32Array(Math.max(slot + 1, this.ids.length * 2));
      longer.set(this.ids);
      this.ids = longer;
    }
    const before = this.ids[slot] ?? 0;
    const after = value === undefined ? 0 : this.#claim(value);
    if (before !== 0) this.#release(before);
    this.ids[slot] = after;
    return before !== after;
  }

  #claim(value: string): number {
    const known = this.#numbers.get(value);
    const id = known ?? this.#unused.pop() ?? this.counts.length;
    if (known === undefined) {
      this.#numbers.set(value, id);
      this.#values[id] = value;
    }
    this.counts[id] = (this.counts[id] ?? 0) + 1;
    return id;
  }

  #release(id: number): void {
    const left = (this.counts[id] ?? 0) - 1;
    this.counts[id] = left;
    if (left > 0) return;
    this.#numbers.delete(this.#values[id] ?? '');
    this.#unused.push(id);
  }
}
