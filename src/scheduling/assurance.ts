import type { ClosingShares } from './closing-shares.ts';

/** Sums of shares come out a little less than they are. */
const rounding = 1e-9;

/** Nodes that take a pod, and how many of them its rivals can close. */
export class Assurance {
  readonly #slots = new Set<number>();
  /** How many rivals of each kind are counted, and the largest share of one in any of the nodes. */
  readonly #rivals = new Map<string, { count: number; share: number }>();
  #closable = 0;

  /** Whether one of the nodes stays open whatever comes. */
  get isEnough(): boolean {
    return this.#slots.size > Math.floor(this.#closable + rounding);
  }

  /** Whether there are so many nodes that some may go, and others may come, before it must be asked again. */
  get isAmple(): boolean {
    return this.#slots.size > 2 * this.#closable + 4;
  }

  /** Adds a node that its rivals close in these shares. */
  add(slot: number, shares: ClosingShares): void {
    this.#slots.add(slot);
    for (const closer of shares.closers) {
      const known = this.#rivals.get(closer.identity);
      const rival = known ?? { count: closer.count, share: 0 };
      if (!known) this.#rivals.set(closer.identity, rival);
      this.#raise(rival, shares.of(closer, slot));
    }
  }

  /** Leaves out a node of which nothing is sure any more. False when the others are not enough. */
  leave(slot: number): boolean {
    return !this.#slots.delete(slot) || this.isEnough;
  }

  /** Whether one stays open beside the only rival of these shares, too. */
  isEnoughBeside(shares: ClosingShares): boolean {
    return this.#slots.size > Math.floor(this.#closable + this.#most(shares) + rounding);
  }

  /** Counts one more rival, the only one of these shares. */
  count(shares: ClosingShares): void {
    for (const { identity } of shares.closers) {
      const rival = this.#rivals.get(identity) ?? { count: 0, share: 0 };
      this.#rivals.set(identity, rival);
      this.#raise(rival, this.#most(shares));
      rival.count += 1;
      this.#closable += rival.share;
    }
  }

  /** Counts one of a kind of rivals less. */
  discount(identity: string): void {
    const rival = this.#rivals.get(identity);
    if (!rival || rival.count === 0) return;
    rival.count -= 1;
    this.#closable -= rival.share;
  }

  #raise(rival: { readonly count: number; share: number }, share: number): void {
    if (share <= rival.share) return;
    this.#closable += (share - rival.share) * rival.count;
    rival.share = share;
  }

  #most(shares: ClosingShares): number {
    let most = 0;
    for (const closer of shares.closers)
      for (const slot of this.#slots) most = Math.max(most, shares.of(closer, slot));
    return most;
  }
}
