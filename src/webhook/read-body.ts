import type { IncomingMessage } from 'node:http';
import { BadRequest } from './review.ts';

/** An API server takes 3 MB; in a review there may be a new object and an old one, and some more around them. */
export const mostBytes = 7 * 1024 * 1024;
/** For as long as a caller may take to send it, in milliseconds. */
const longestWait = 10_000;

/** Reads a whole body. @throws BadRequest when it is too long, too late or broken off */
export function readBody(request: IncomingMessage, within = longestWait): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return Promise.reject(tooLong());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (act: () => void) => {
      clearTimeout(timer);
      request.removeListener('data', take);
      act();
    };
    const timer = setTimeout(
      () => settle(() => reject(new BadRequest(408, 'the body did not come'))),
      within,
    );
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > mostBytes) settle(() => reject(tooLong()));
      else chunks.push(chunk);
    };
    request.on('data', take);
    request.once('end', () => settle(() => resolve(Buffer.concat(chunks).toString('utf8'))));
    request.once('close', () => settle(() => reject(new BadRequest(400, 'the body was broken off'))));
  });
}

function tooLong(): BadRequest {
  return new BadRequest(413, `the body is longer than ${mostBytes} bytes`);
}
