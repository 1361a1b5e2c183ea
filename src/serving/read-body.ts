import type { IncomingMessage } from 'node:http';
import type { BodyRoom } from './body-room.ts';

/** Why a body was not read: it is too long (413), too late (408), broken off (400), or one of too many (503). */
export interface UnreadBody {
  readonly status: 400 | 408 | 413 | 503;
  readonly problem: string;
}

export interface BodyLimits {
  readonly mostBytes: number;
  /** Shared by all that the server reads. */
  readonly room: BodyRoom;
  /** How long a caller may take to send it, in milliseconds. */
  readonly within?: number;
}

const longestWait = 10_000;
const tooMuch: UnreadBody = { status: 503, problem: 'too many long bodies come at once' };

/** Reads a whole body of UTF-8, or says why it cannot be had. */
export function readBody(
  request: IncomingMessage,
  { mostBytes, room, within = longestWait }: BodyLimits,
): Promise<string | UnreadBody> {
  const tooLong: UnreadBody = { status: 413, problem: `the body is longer than ${mostBytes} bytes` };
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return Promise.resolve(tooLong);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let taken = 0;
    const settle = (body: string | UnreadBody) => {
      clearTimeout(timer);
      request.removeListener('data', take);
      room.give(taken);
      taken = 0;
      chunks.length = 0;
      resolve(body);
    };
    const timer = setTimeout(() => settle({ status: 408, problem: 'the body did not come' }), within);
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > mostBytes) return settle(tooLong);
      if (!room.take(chunk.length)) return settle(tooMuch);
      taken += chunk.length;
      chunks.push(chunk);
    };
    request.on('data', take);
    request.once('end', () => settle(Buffer.concat(chunks).toString('utf8')));
    request.once('close', () => settle({ status: 400, problem: 'the body was broken off' }));
  });
}
