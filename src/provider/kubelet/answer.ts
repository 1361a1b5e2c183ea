import type { ServerResponse } from 'node:http';
import type { Status } from '../../kube/types.ts';

/** The part of a call that an answer needs. */
export interface Answerable {
  readonly response: ServerResponse;
  readonly upgrade: unknown;
}

const reasons: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  500: 'InternalError',
  502: 'ServiceUnavailable',
  503: 'ServiceUnavailable',
};

/**
 * Answers with an error and nothing else. Callers of streams read a Status object; callers of everything else
 * show the body to a person as it is, as they do with a kubelet's.
 */
export function refuse({ response, upgrade }: Answerable, code: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status: Status = {
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    message,
    reason: reasons[code] ?? 'InternalError',
    code,
  };
  const body = Buffer.from(upgrade ? `${JSON.stringify(status)}\n` : `${message}\n`);
  response.writeHead(code, {
    'content-type': upgrade ? 'application/json' : 'text/plain; charset=utf-8',
    'content-length': body.length,
    'x-content-type-options': 'nosniff',
    // What else the caller may be sending is not read.
    ...(code === 401 ? { 'www-authenticate': 'Bearer', connection: 'close' } : {}),
  });
  response.end(body);
}
