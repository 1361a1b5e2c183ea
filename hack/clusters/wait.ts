import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Milliseconds until giving up. */
  readonly within: number;
  readonly every?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks again and again until the answer is neither undefined nor false, and returns it.
 * A question that throws ends the wait with its error; time running out ends it with `complaint()`.
 */
export async function waitFor<T>(
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  complaint: () => string,
  { within, every = 50, signal }: WaitOptions,
): Promise<T> {
  const end = Date.now() + within;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`${complaint()} (waited ${Math.round(within / 1000)} s)`);
    await sleep(every, undefined, signal ? { signal } : {});
  }
}
