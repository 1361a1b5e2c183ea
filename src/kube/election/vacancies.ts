/** After so many durations a name that nobody took is anybody's: whoever had room for it did not see it, or cannot. */
const overdue = 2;
/** Who could not work for a name leaves it to the others for so many durations: time for each to find it overdue. */
const patience = 4;

/** For how long names were led by nobody, and which of them we leave to others. Times are of the monotonic clock. */
export class Vacancies {
  readonly #duration: number;
  readonly #since = new Map<string, number>();
  readonly #passed = new Map<string, number>();

  /** @param duration as in `Timing` */
  constructor(duration: number) {
    this.#duration = duration;
  }

  /** Takes in what is free now. @returns what has been for so long that shares do not count any more */
  see(free: readonly string[]): ReadonlySet<string> {
    const now = performance.now();
    const before = new Map(this.#since);
    this.#since.clear();
    for (const name of free) this.#since.set(name, before.get(name) ?? now);
    return new Set(free.filter((name) => now - (this.#since.get(name) ?? now) > overdue * this.#duration));
  }

  /** A name is left to the others for a while. */
  pass(name: string): void {
    this.#passed.set(name, performance.now() + patience * this.#duration);
  }

  /** The names that are left to the others. */
  passed(): ReadonlySet<string> {
    for (const [name, until] of this.#passed) if (until < performance.now()) this.#passed.delete(name);
    return new Set(this.#passed.keys());
  }
}
