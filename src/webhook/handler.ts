import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { describeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import { BodyRoom } from '../serving/body-room.ts';
import { readBody } from '../serving/read-body.ts';
import { type AdmissionRequest, BadRequest, readReview, type Verdict, writeReview } from './review.ts';

/** An API server takes 3 MB; in a review there may be a new object and an old one, and some more around them. */
export const mostBytes = 7 * 1024 * 1024;

/** Of all bodies that come at once, most of which are a few kilobytes. */
const mostOfAll = 8 * mostBytes;

/** How a request to `/mutate` ended; for metrics. */
export type ReviewResult = 'changed' | 'unchanged' | 'refused' | 'bad';

export interface HandlerOptions {
  admit: (request: AdmissionRequest) => Verdict;
  /** Whether only callers with a certificate of our CA may ask. */
  verifiesClients: boolean;
  logger: Logger;
  /** Is told of each answer and how many milliseconds it took. Must be cheap and must not throw. */
  onReview?: ((result: ReviewResult, duration: number) => void) | undefined;
}

/** The answers by path: `/mutate` for the API server, `/healthz` for probes. */
export function createHandler(options: HandlerOptions) {
  const room = new BodyRoom(mostOfAll);
  return (request: IncomingMessage, response: ServerResponse): void => {
    request.on('error', () => {});
    response.on('error', () => {});
    const began = performance.now();
    const [path] = (request.url ?? '').split('?', 1);
    if (path === '/healthz') {
      request.resume();
      answer(response, 200, 'text/plain; charset=utf-8', 'ok');
      return;
    }
    void mutate(path, request, room, options)
      .then(({ body, result }) => {
        answer(response, 200, 'application/json', body);
        options.onReview?.(result, performance.now() - began);
      })
      .catch((error: unknown) => {
        refuse(response, error, options.logger);
        options.onReview?.('bad', performance.now() - began);
      });
  };
}

async function mutate(
  path: string | undefined,
  request: IncomingMessage,
  room: BodyRoom,
  { admit, verifiesClients, logger }: HandlerOptions,
): Promise<{ body: string; result: ReviewResult }> {
  if (path !== '/mutate') throw new BadRequest(404, 'there is /mutate and /healthz');
  if (request.method !== 'POST') throw new BadRequest(405, 'this path takes POST');
  if (verifiesClients && !(request.socket as TLSSocket).authorized)
    throw new BadRequest(401, 'a client certificate of the authority in --CA is needed');
  if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new BadRequest(415, 'the content type is not application/json');
  const body = await readBody(request, { mostBytes, room });
  if (typeof body !== 'string') throw new BadRequest(body.status, body.problem);
  const review = readReview(body);
  const verdict = admit(review);
  const pod = { namespace: review.namespace, operation: review.operation, uid: review.uid };
  if ('refusal' in verdict) logger.info({ ...pod, message: verdict.refusal }, 'a pod was refused');
  else logger.debug({ ...pod, operations: verdict.patch.length }, 'a pod was reviewed');
  return { body: writeReview(review.uid, verdict), result: resultOf(verdict) };
}

function resultOf(verdict: Verdict): ReviewResult {
  if ('refusal' in verdict) return 'refused';
  return verdict.patch.length > 0 ? 'changed' : 'unchanged';
}

function refuse(response: ServerResponse, error: unknown, logger: Logger): void {
  const isBad = error instanceof BadRequest;
  const message = isBad ? error.message : 'internal error';
  if (isBad) logger.warn({ message }, 'a request to the webhook was no review');
  else logger.error({ error: describeError(error) }, 'a review failed');
  // The rest of a body that is too long is dropped as it comes: to close now would drop the answer, too.
  if (isBad && error.status === 408) response.shouldKeepAlive = false;
  if (isBad && error.status === 405) response.setHeader('allow', 'POST');
  answer(response, isBad ? error.status : 500, 'text/plain; charset=utf-8', `${message}\n`);
}

function answer(response: ServerResponse, code: number, type: string, body: string): void {
  response.writeHead(code, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
