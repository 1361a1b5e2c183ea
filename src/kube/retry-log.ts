import { describeError, hasCode } from './errors.ts';
import type { Logger } from './logger.ts';

/** Tells in the log that a key of this kind is tried again, and why; for a `WorkQueue`. */
export function retryLog(logger: Pick<Logger, 'warn'>, kind: string): (key: string, error: unknown) => void {
  return (key, error) => {
    // Cut off because we stop: whoever works for the node next looks at everything.
    if (hasCode(error, 'Aborted')) return;
    logger.warn({ [kind]: key, message: describeError(error) }, `a ${kind} is tried again`);
  };
}
