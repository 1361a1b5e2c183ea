import type { Dispatcher } from 'undici';
import { type Backoff, backoffDelay } from './backoff.ts';
import { codeOfResponse, KubeError } from './errors.ts';
import type { TransportRequest } from './transport-request.ts';
import type { Status } from './types.ts';

const throttled: Backoff = { first: 500, most: 10_000 };

/** Milliseconds that the server asks to wait, or undefined when it does not ask. */
export function retryDelay(response: Dispatcher.ResponseData, attempt: number): number | undefined {
  const { statusCode, headers } = response;
  if (statusCode !== 429 && statusCode < 500) return undefined;
  const header = headers['retry-after'];
  if (header === undefined) return statusCode === 429 ? backoffDelay(throttled, attempt) : undefined;
  const seconds = Number(header);
  return seconds >= 0 ? Math.min(seconds, 30) * 1000 : backoffDelay(throttled, attempt);
}

/** What an answer that is a refusal says, as an error. */
export function refusal(httpStatus: number, text: string, { method, path }: TransportRequest): KubeError {
  const status = parseStatus(text);
  const said = status?.message ?? (text.trim().slice(0, 200) || `HTTP ${httpStatus}`);
  const code = codeOfResponse(httpStatus, status?.reason);
  return new KubeError(
    code,
    code === 'ServerError' ? `${method} ${path}: ${said}` : said,
    status ? { status } : {},
  );
}

function parseStatus(text: string): Status | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null || !('message' in body)) return undefined;
    return typeof body.message === 'string' ? (body as Status) : undefined;
  } catch {
    return undefined;
  }
}

/** The body of an answer. @throws KubeError `ServerError` */
export function parse<T>(text: string, cluster: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new KubeError('ServerError', `the ${cluster} API server sent something that is not JSON`, {
      cause: error,
    });
  }
}
