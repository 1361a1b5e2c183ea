import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type Answerable, refuse } from './answer.ts';

/**
 * Passes an answer of the lower API server on: status, type and body, with backpressure. Either side that leaves
 * takes the other along, so nobody takes a cut body for a whole one.
 */
export async function forward(call: Answerable, below: IncomingMessage): Promise<void> {
  const { response } = call;
  const code = below.statusCode ?? 502;
  if (code === 401 || code < 200) {
    // It is we whom the lower cluster does not know; the caller has done nothing wrong.
    below.destroy();
    refuse(call, 502, 'the lower cluster did not accept our credentials');
    return;
  }
  const type = below.headers['content-type'];
  response.writeHead(code, type === undefined ? {} : { 'content-type': type });
  response.flushHeaders();
  try {
    await pipeline(below, response);
  } catch {
    // Both are destroyed by now, and the caller sees the body cut short.
  }
}
