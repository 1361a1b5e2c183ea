/** How far the work for a virtual node is. */
export interface Progress {
  readonly isAtWork: boolean;
  /** A higher number after each step towards it; what falls back takes no step until it is further than before. */
  readonly steps: number;
}

/** A node that never gets to work is not passed on more often than this, as a multiple of the first time. */
const most = 16;

interface Known {
  since: number;
  steps: number;
}

/** Finds the virtual nodes that this process leads and does not get to work for. */
export class IdleNodes {
  readonly #patience: number;
  readonly #known = new Map<string, Known>();
  /**
   * How much longer than usual each may take: what nobody gets to work for, such as a lost cluster, is to rest
   * somewhere.
   */
  readonly #factors = new Map<string, number>();

  /** @param patience milliseconds without a step */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** Takes in how far a node is. @returns for how many milliseconds it has not moved, when that is too long */
  look(name: string, { isAtWork, steps }: Progress, now = performance.now()): number | undefined {
    const factor = this.#factors.get(name) ?? 1;
    const known = this.#known.get(name);
    if (isAtWork) {
      this.#known.delete(name);
      this.#factors.delete(name);
      return undefined;
    }
    if (!known || steps > known.steps) {
      this.#known.set(name, { since: now, steps });
      return undefined;
    }
    const idle = now - known.since;
    if (idle < this.#patience * factor) return undefined;
    this.#known.delete(name);
    this.#factors.set(name, Math.min(most, factor * 2));
    return idle;
  }

  /** Work for a node ended, or begins anew: its steps are counted from nothing. How often it was given up is kept. */
  left(name: string): void {
    this.#known.delete(name);
  }

  /** A node is wanted no more: another of the same name is another node. */
  forget(name: string): void {
    this.#known.delete(name);
    this.#factors.delete(name);
  }
}
