import { type Deferred, deferred } from '../../kube/deferred.ts';

/** One request under way, from its arrival to the end of its last byte. */
export interface Session {
  /** Aborted when the session must end now. */
  readonly signal: AbortSignal;
  /** Says that it has ended. May be called more than once. */
  end(): void;
}

/**
 * The requests under way. Neither `server.close()` nor `closeAllConnections()` of node:http knows of a socket
 * that was upgraded, so somebody else has to.
 */
export class Sessions {
  readonly #open = new Set<AbortController>();
  #empty: Deferred | undefined;

  get size(): number {
    return this.#open.size;
  }

  begin(): Session {
    const controller = new AbortController();
    this.#open.add(controller);
    return {
      signal: controller.signal,
      end: () => {
        this.#open.delete(controller);
        if (this.#open.size === 0) this.#empty?.resolve();
      },
    };
  }

  /** Resolves when no session is open; those that still are after so many milliseconds are aborted first. */
  async drain(graceMilliseconds: number): Promise<void> {
    if (this.#open.size === 0) return;
    this.#empty ??= deferred();
    const timer = setTimeout(() => {
      for (const controller of this.#open) controller.abort();
    }, graceMilliseconds);
    await this.#empty.promise;
    clearTimeout(timer);
  }
}
