import type { Ending } from './line.ts';

/** How it ended, in a word. @throws for an error of our own making, with what the server says of it elsewhere */
export function ended({ status, text }: Ending, lastError: () => string): string {
  if (status === 500) throw new Error(`an internal error: ${lastError() || text.slice(0, 300)}`);
  return status === undefined ? 'closed' : String(status);
}
