import { setMaxListeners } from 'node:events';

/** A signal of one's own that others abort too. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  /** Lets go of the others; without it a signal that lives long would collect a listener for every link. */
  release(): void;
}

/**
 * Makes a signal that aborts with the first of its parents. `AbortSignal.any` does the same, but on Node 20 each
 * use leaves a reference behind on every parent for as long as that lives (nodejs/node#54614), and ours live
 * as long as the process.
 */
export function linkSignals(...parents: (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  for (const parent of parents) {
    if (parent?.aborted) abort();
    if (!parent || parent.aborted) continue;
    // Node 20 takes eleven listeners for a leak; a provider runs more watches than that on one signal.
    setMaxListeners(0, parent);
    parent.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release() {
      for (const parent of parents) parent?.removeEventListener('abort', abort);
    },
  };
}
