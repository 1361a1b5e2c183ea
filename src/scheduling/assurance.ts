import type { ClosingShares } from './closing-shares.ts';

/** Sums of shares come out a little less than they are. */
const rounding = 1e-9;

/** Nodes that take a pod, and how many of them its rivals can close. */
export class Assurance {
  readonly slots: number[] = [];
  readonly #shares: ClosingShares;
  readonly #largest: Float64Array;
  #closable = 0;

  constructor(shares: ClosingShares) {
    this.#shares = shares;
    this.#largest = new Float64Array(shares.kinds);
  }

  /** How many of the nodes rivals can close, as a sum of shares. */
  get closable(): number {
    return this.#closable;
  }

  /** Whether one of the nodes stays open whatever comes. */
  get isEnough(): boolean {
    return this.slots.length > Math.floor(this.#closable + rounding);
  }

  /** Adds a node. */
  with(slot: number): this {
    this.slots.push(slot);
    for (let index = 0; index < this.#largest.length; index += 1) {
      const before = this.#largest[index] ?? 0;
      if (before === 1) continue;
      const share = this.#shares.of(index, slot);
      if (share <= before) continue;
      this.#largest[index] = share;
      this.#closable += (share - before) * this.#shares.countOf(index);
    }
    return this;
  }

  /** Whether one stays open beside one more rival, the only one of these shares. */
  isEnoughBeside(rival: ClosingShares): boolean {
    return this.slots.length > Math.floor(this.#closable + this.#most(rival) + rounding);
  }

  /** Counts one more rival. */
  count(rival: ClosingShares): void {
    this.#closable += this.#most(rival);
  }

  #most(rival: ClosingShares): number {
    return this.slots.reduce((largest, slot) => Math.max(largest, rival.of(0, slot)), 0);
  }
}
