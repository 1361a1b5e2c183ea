import type { Call } from './call.ts';

/** `GET /healthz`: that the server answers at all. */
export function healthz({ response }: Call): void {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.end('ok');
}
