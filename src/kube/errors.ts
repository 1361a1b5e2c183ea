import type { Status } from './types.ts';

/**
 * The kinds of failure that a caller can act upon. The first group is the API server's own `reason`
 * (k8s.io/apimachinery `metav1.StatusReason`), the second is what happens when no answer came.
 */
export type KubeErrorCode =
  | 'AlreadyExists'
  | 'BadRequest'
  | 'Conflict'
  | 'Forbidden'
  | 'Gone'
  | 'Invalid'
  | 'NotFound'
  | 'ServerError'
  | 'TooManyRequests'
  | 'Unauthorized'
  | 'Aborted'
  | 'Configuration'
  | 'Unreachable';

/** A failed call to an API server, or a configuration that cannot lead to one. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: KubeErrorCode;
  /** The API server's answer, when there was one. */
  readonly status: Status | undefined;

  constructor(code: KubeErrorCode, message: string, options: { status?: Status; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status;
  }
}

/** Whether an error is a {@link KubeError} of one of these kinds. */
export function hasCode(error: unknown, ...codes: KubeErrorCode[]): error is KubeError {
  return error instanceof KubeError && codes.includes(error.code);
}

/** The kind of a refusal, by HTTP status and the reason in the body. */
export function codeOfResponse(httpStatus: number, reason: string | undefined): KubeErrorCode {
  switch (httpStatus) {
    case 400:
      return 'BadRequest';
    case 401:
      return 'Unauthorized';
    case 403:
      return 'Forbidden';
    case 404:
      return 'NotFound';
    case 409:
      return reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict';
    case 410:
      return 'Gone';
    case 422:
      return 'Invalid';
    case 429:
      return 'TooManyRequests';
    case 408:
      return 'ServerError';
    default:
      return httpStatus >= 500 ? 'ServerError' : 'BadRequest';
  }
}

/** The error that a watch ends with: the object of its last line is a Status. */
export function errorOfWatch({ code, reason, message }: Status): KubeError {
  return new KubeError(codeOfResponse(code ?? 500, reason), message ?? 'the watch failed');
}

/** One line for a person: the message, and behind it the innermost cause when it says something new. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  let cause: unknown = error.cause;
  // A cause may lead back to the error itself; nobody nests deeper than this.
  for (let depth = 0; depth < 8 && cause instanceof Error && cause.cause instanceof Error; depth++)
    cause = cause.cause;
  const message = causeText(error);
  const reason = cause instanceof Error ? causeText(cause) : '';
  return oneLine(reason === '' || message.includes(reason) ? message : `${message}: ${reason}`);
}

/** Messages of YAML parsers and of credential plugins come with line breaks. */
function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}

/** Errors of the network often have an empty message (AggregateError) and say all in their code. */
function causeText(cause: Error): string {
  if (cause.message !== '') return cause.message;
  return 'code' in cause ? String(cause.code) : cause.name;
}
