import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for the end of some work, but not longer than so many milliseconds; true when it ended in time.
 *
 * @throws what the work rejects with in that time
 */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const enough = new AbortController();
  const late = sleep(milliseconds, false, { signal: enough.signal }).catch(() => false);
  return Promise.race([work.then(() => true), late]).finally(() => enough.abort());
}
