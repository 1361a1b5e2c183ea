import type { ServerResponse } from 'node:http';

/** Answers with a few lines of text; the last gets its line end. */
export function answerText(response: ServerResponse, code: number, text: string): void {
  answer(response, code, 'text/plain; charset=utf-8', `${text}\n`);
}

/** Answers with a body that is known as a whole. */
export function answer(response: ServerResponse, code: number, type: string, body: string): void {
  response.writeHead(code, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
