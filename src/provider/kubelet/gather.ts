import type { Readable, Writable } from 'node:stream';

/**
 * Has what one turn of the event loop brings written as one: an API server writes a TLS record for each frame of a stream,
 * of which many are read at once, and each written by itself would be a record and a call of the kernel again. Nothing waits
 * for what is not there yet.
 *
 * To be called before `from.pipe(to)`, which does the writing.
 */
export function gather(from: Readable, to: Writable): void {
  let isGathering = false;
  from.on('data', () => {
    if (isGathering || to.destroyed) return;
    isGathering = true;
    to.cork();
    setImmediate(() => {
      isGathering = false;
      to.uncork();
    });
  });
}
