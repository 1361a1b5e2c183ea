import type { Client } from '../client.ts';
import { linkSignals } from '../signals.ts';
import { Election, type ElectionOptions } from './election.ts';

export interface LeadOptions extends Pick<ElectionOptions, 'group' | 'identity' | 'timing' | 'onError'> {
  readonly client: Client;
  /** What is led, and by one replica at a time. */
  readonly name: string;
  /** Does the work until the signal aborts. */
  readonly work: (signal: AbortSignal) => Promise<void>;
}

/** The one piece of work of a group of replicas, done by whoever leads. */
export class Lead {
  readonly #options: LeadOptions;
  readonly #election: Election;
  readonly #failed = new AbortController();
  readonly #done = new AbortController();
  #working: { readonly stop: () => void; readonly ended: Promise<void> } | undefined;
  #failure: unknown;

  constructor(options: LeadOptions) {
    this.#options = options;
    this.#election = new Election({
      ...options,
      onStarted: () => this.#begin(),
      onStopped: () => this.#end(),
    });
    this.#election.setNames([options.name]);
  }

  /** See {@link Election.isCertain}: no write may be sent when this is false. */
  get isCertain(): boolean {
    return this.#working !== undefined && this.#election.isCertain;
  }

  /** Takes part until the signal aborts, or the work is done. @throws what the work throws: then another replica takes over */
  async run(signal: AbortSignal): Promise<void> {
    const either = linkSignals(signal, this.#failed.signal, this.#done.signal);
    try {
      await this.#election.run(either.signal);
    } finally {
      either.release();
    }
    if (this.#failed.signal.aborted && !signal.aborted) throw this.#failure;
  }

  #begin(): void {
    const stopping = new AbortController();
    const ended = this.#options.work(stopping.signal).then(
      () => {
        if (!stopping.signal.aborted) this.#done.abort();
      },
      (error: unknown) => {
        if (stopping.signal.aborted) return;
        this.#failure = error;
        this.#failed.abort();
      },
    );
    this.#working = { stop: () => stopping.abort(), ended };
  }

  async #end(): Promise<void> {
    const working = this.#working;
    this.#working = undefined;
    working?.stop();
    await working?.ended;
  }
}
