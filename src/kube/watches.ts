import type { OptionalWatch } from './optional-watch.ts';
import type { Reflector, ReflectorState } from './reflector.ts';

/** What is asked of a reflector of any kind of object. */
export type AnyReflector = Pick<Reflector<never>, 'run' | 'synced' | 'state' | 'silentSince' | 'reconnect'>;

/** The same of a watch of any kind that may not be served. */
export type AnyOptionalWatch = Pick<OptionalWatch<never>, 'run' | 'synced' | 'states' | 'reconnect'>;

/** Reflectors that are begun, known and ended together. */
export class Watches {
  readonly #reflectors: readonly AnyReflector[];
  readonly #optional: readonly AnyOptionalWatch[];
  #isListed = false;

  /** @param optional of kinds that the server may not serve */
  constructor(reflectors: readonly AnyReflector[], optional: readonly AnyOptionalWatch[] = []) {
    this.#reflectors = reflectors;
    this.#optional = optional;
  }

  /** How each stands, in the order in which they were given. */
  states(): ReflectorState[] {
    return [
      ...this.#reflectors.map(({ state }) => state),
      ...this.#optional.flatMap((watch) => watch.states()),
    ];
  }

  /** Resolves when all are listed; rejects when stopped before. */
  get synced(): Promise<unknown> {
    return Promise.all([...this.#reflectors, ...this.#optional].map(({ synced }) => synced));
  }

  /** The first that is not listed yet. */
  unlisted(): ReflectorState | undefined {
    // What was listed once stays so, and a scheduler asks with every pod and cluster.
    if (this.#isListed) return undefined;
    const unlisted = this.states().find(({ isSynced }) => !isSynced);
    this.#isListed = unlisted === undefined && this.#optional.length === 0;
    return unlisted;
  }

  /** The first that has had no watch open since before a moment (performance.now()), so that changes may be missing. */
  silentBefore(moment: number): ReflectorState | undefined {
    return this.#reflectors.find(({ silentSince = moment }) => silentSince < moment)?.state;
  }

  /** Whether one has no watch open now. */
  get isAnySilent(): boolean {
    return this.#reflectors.some(({ silentSince }) => silentSince !== undefined);
  }

  /** Watches until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#reflectors, ...this.#optional].map((watch) => watch.run(signal)));
  }

  /** Begins every watch again where it was: what they are connected to may be half open. */
  reconnect(): void {
    for (const watch of [...this.#reflectors, ...this.#optional]) watch.reconnect();
  }
}
