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

const defaultInterval = 5_000;
const defaultPatience = 15_000;

/** Asks the lower API server for something it must read from its store, again and again. */
export class LowerHealth {
  readonly #options: LowerHealthOptions;
  #now: Reachability = { reachable: true };
  #lastGood = performance.now();
  #underWay: Promise<boolean> | undefined;
  #stopping: AbortSignal | undefined;

  constructor(options: LowerHealthOptions) {
    this.#options = options;
  }

  get now(): Reachability {
    return this.#now;
  }

  /** Probes until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { interval = defaultInterval } = this.#options;
    this.#stopping = signal;
    while (!signal.aborted) {
      const began = performance.now();
      await this.confirm();
      const pause = Math.max(interval / 5, interval - (performance.now() - began));
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
  }

  /** Probes now, or takes the answer of a probe under way. True when the cluster answered and is still the same. */
  confirm(): Promise<boolean> {
    this.#underWay ??= this.#probe().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #probe(): Promise<boolean> {
    const result = await this.#ask();
    if (this.#stopping?.aborted) return false;
    const now = performance.now();
    if (result.reachable) this.#lastGood = now;
    const { patience = defaultPatience } = this.#options;
    const isCertain =
      result.reachable || result.reason === 'AnotherCluster' || now - this.#lastGood >= patience;
    if (isCertain) this.#set(result);
    return result.reachable;
  }

  async #ask(): Promise<Reachability> {
    const { lower, interval: timeout = defaultInterval } = this.#options;
    const signal = this.#stopping;
    try {
      const uid = await lower.clusterUid({ timeout, urgent: true, ...(signal ? { signal } : {}) });
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
