import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { getHeapSnapshot } from 'node:v8';

/**
 * Answers with everything that is in memory, as Chrome's developer tools open it. It holds tokens, keys and the data
 * of Secrets. The process stands still while it is taken: about a second for each 100 MB.
 */
export async function serveHeap(response: ServerResponse): Promise<void> {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-disposition': `attachment; filename="isthmus-${process.pid}.heapsnapshot"`,
  });
  // Who leaves early ends it.
  await pipeline(getHeapSnapshot(), response).catch(() => {});
}
