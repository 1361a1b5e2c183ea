import type { Reflector, ReflectorState } from './reflector.ts';

/** What is asked of a reflector of any kind of object. */
export type AnyReflector = Pick<Reflector<never>, 'run' | 'synced' | 'state' | 'silentSince' | 'reconnect'>;

/** Reflectors that are begun, known and ended together. */
export class Watches {
  readonly #reflectors: readonly AnyReflector[];

  constructor(reflectors: readonly AnyReflector[]) {
    this.#reflectors = reflectors;
  }

  /** How each stands, in the order in which they were given. */
  states(): ReflectorState[] {
    return this.#reflectors.map(({ state }) => state);
  }

  /** Resolves when all are listed; rejects when stopped before. */
  get synced(): Promise<unknown> {
    return Promise.all(this.#reflectors.map(({ synced }) => synced));
  }

  /** The first that is not listed yet. */
  unlisted(): ReflectorState | undefined {
    return this.states().find(({ isSynced }) => !isSynced);
  }

  /** The first that has had no watch open since before a moment (performance.now()), so that changes may be missing. */
  silentBefore(moment: number): ReflectorState | undefined {
    return this.#reflectors.find(({ silentSince = moment }) => silentSince < moment)?.state;
  }

  /** Watches until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.run(signal)));
  }

  /** Begins every watch again where it was: what they are connected to may be half open. */
  reconnect(): void {
    for (const reflector of this.#reflectors) reflector.reconnect();
  }
}
