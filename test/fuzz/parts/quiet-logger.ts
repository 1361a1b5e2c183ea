import { pino } from 'pino';
import type { Logger } from '../../../src/kube/logger.ts';

/** A logger that shows nothing, and remembers the last error: of what a server hides from its callers. */
export function quietLogger(): { readonly logger: Logger; readonly lastError: () => string } {
  let last = '';
  const write = (line: string) => {
    last = line;
  };
  const logger = pino({ level: 'error' }, { write });
  return { logger, lastError: () => last };
}
