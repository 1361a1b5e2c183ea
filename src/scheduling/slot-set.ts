/** A set of slots, one bit for each. */
export class SlotSet {
  readonly #words: Uint32Array;

  /** @param limit slots are below this */
  constructor(limit: number) {
    this.#words = new Uint32Array((limit + 31) >>> 5);
  }

  add(slot: number): void {
    this.#words[slot >>> 5] = (this.#words[slot >>> 5] ?? 0) | (1 << (slot & 31));
  }

  has(slot: number): boolean {
    return ((this.#words[slot >>> 5] ?? 0) & (1 << (slot & 31))) !== 0;
  }

  /** Whether some slot is in both. */
  overlaps(other: SlotSet): boolean {
    const length = Math.min(this.#words.length, other.#words.length);
    for (let index = 0; index < length; index += 1)
      if (((this.#words[index] ?? 0) & (other.#words[index] ?? 0)) !== 0) return true;
    return false;
  }
}
