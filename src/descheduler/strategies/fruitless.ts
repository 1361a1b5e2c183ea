import type { Search } from '../../scheduling/search.ts';

/** Looking for what is not there takes at most one part in so many of the time. */
const spare = 100;
/** Nothing is given up for longer than this, in milliseconds: pictures change all the time. */
const most = 5 * 60_000;

/**
 * What was looked for in vain. The longer it took, the longer nobody looks again: in a small cluster that is no time at
 * all, and in one where a look takes seconds it is minutes.
 */
export class Fruitless {
  readonly #clock: () => number;
  readonly #until = new Map<string, number>();

  /** @param clock counts milliseconds */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** Whether it is not worth looking again yet. */
  has(key: string, now: number): boolean {
    return (this.#until.get(key) ?? now) > now;
  }

  /** Forgets what may be looked for again. */
  expire(now: number): void {
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key);
  }

  /** Looks, with the pauses of the search; what it did not find is not looked for again at the same moment. */
  *search<T>(key: string, now: number, search: Search<T>): Search<T> {
    let took = 0;
    for (;;) {
      const began = this.#clock();
      const { done, value } = search.next();
      took += this.#clock() - began;
      if (!done) yield;
      else {
        if (value === undefined) this.#until.set(key, now + Math.max(1, Math.min(most, took * spare)));
        return value;
      }
    }
  }
}
