import { type FSWatcher, watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { linkSignals } from '../kube/signals.ts';

/** An editor writes in several steps, within so many milliseconds. */
const settling = 50;

/**
 * Says when to look at a file again: soon after something happened in its folder, and at the latest after a period,
 * for the file system does not tell of everything (links that lead elsewhere, network file systems, a folder that is
 * replaced). Ends when the signal aborts.
 *
 * @param period milliseconds
 */
export async function* looks(folder: string, period: number, signal: AbortSignal): AsyncGenerator<void> {
  let pause = linkSignals(signal);
  const watcher = tryToWatch(folder, () => pause.abort());
  try {
    while (!signal.aborted) {
      await sleep(period, undefined, { signal: pause.signal }).catch(() => {});
      pause.release();
      // What happens from here on is for the next look.
      pause = linkSignals(signal);
      if (!signal.aborted) await sleep(settling, undefined, { signal }).catch(() => {});
      if (!signal.aborted) yield;
    }
  } finally {
    pause.release();
    watcher?.close();
  }
}

function tryToWatch(folder: string, onChange: () => void): FSWatcher | undefined {
  try {
    return watch(folder, onChange).on('error', () => {});
  } catch {
    // Watches are few on some machines: the period does.
    return undefined;
  }
}
