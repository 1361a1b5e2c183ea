import { setTimeout as sleep } from 'node:timers/promises';
import { KubeError } from './errors.ts';

/** Requests per second on average, and how many may go at once after a rest (`--client-qps`, `--client-burst`). */
export interface RateLimitOptions {
  qps: number;
  burst: number;
  now?: () => number;
}

/** Timers cannot wait longer than this, in milliseconds; beyond it Node fires at once, and nothing is held back. */
const longestWait = 2 ** 31 - 1;

/** A token bucket, as client-go's flowcontrol: callers pass in order, each waiting for its own token. */
export class RateLimit {
  readonly #perMillisecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  #tokens: number;
  #at: number;

  /** @throws KubeError `Configuration`, when nothing would ever pass */
  constructor({ qps, burst, now = () => performance.now() }: RateLimitOptions) {
    if (!(qps > 0) || !(burst >= 1))
      throw new KubeError('Configuration', `no request passes at ${qps} per second with bursts of ${burst}`);
    this.#perMillisecond = qps / 1000;
    this.#burst = burst;
    this.#now = now;
    this.#tokens = burst;
    this.#at = now();
  }

  /** Takes a token if there is one now. */
  tryTake(): boolean {
    if (this.take() === 0) return true;
    this.#tokens += 1;
    return false;
  }

  /** Takes a token and returns how many milliseconds the caller must wait before it acts. */
  take(): number {
    const now = this.#now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMillisecond);
    this.#at = now;
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMillisecond;
  }

  /** Resolves when the caller may go; rejects when the signal aborts first. */
  async pass(signal?: AbortSignal): Promise<void> {
    const wait = Math.min(this.take(), longestWait);
    if (wait <= 0) return;
    try {
      await sleep(wait, undefined, { signal });
    } catch (error) {
      // Nothing was sent for this token; the next caller may have it.
      this.#tokens += 1;
      throw error;
    }
  }
}
