import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../kube/client.ts';
import { describeError } from '../kube/errors.ts';

/** Whether the lower cluster can be worked with, and in words why not. */
export type Reachability = { reachable: true } | { reachable: false; reason: string; message: string };

export interface LowerHealthOptions {
  lower: Client;
  /** uid that the lower cluster had when we started: another cluster at its address is not to be touched. */
  clusterUid: string;
  /** Told of each change, in order. */
  onChange: (now: Reachability) => void;
  /** Milliseconds between probes, and how long one may take. */
  interval?: number;
  /** Milliseconds without an answer after which the cluster counts as lost. */
  patience?: number;
}

/** Asks the lower API server for something it must read from its store, again and again. */
export class LowerHealth {
  readonly #options: LowerHealthOptions;
  #now: Reachability = { reachable: true };

  constructor(options: LowerHealthOptions) {
    this.#options = options;
  }

  get now(): Reachability {
    return this.#now;
  }

  /** Probes until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { interval = 5_000, patience = 15_000 } = this.#options;
    let lastGood = performance.now();
    while (!signal.aborted) {
      const began = performance.now();
      const result = await this.#probe(interval);
      if (signal.aborted) return;
      if (result.reachable) lastGood = performance.now();
      if (
        result.reachable ||
        result.reason === 'AnotherCluster' ||
        performance.now() - lastGood >= patience
      ) {
        this.#set(result);
      }
      const pause = Math.max(interval / 5, interval - (performance.now() - began));
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
  }

  async #probe(timeout: number): Promise<Reachability> {
    try {
      const uid = await this.#options.lower.clusterUid({ timeout, urgent: true });
      if (uid === this.#options.clusterUid) return { reachable: true };
      const message = `another cluster answers at its address: kube-system has uid ${uid}`;
      return { reachable: false, reason: 'AnotherCluster', message };
    } catch (error) {
      return { reachable: false, reason: 'LowerClusterUnreachable', message: describeError(error) };
    }
  }

  #set(next: Reachability): void {
    const changed = next.reachable !== this.#now.reachable;
    this.#now = next;
    if (changed) this.#options.onChange(next);
  }
}
