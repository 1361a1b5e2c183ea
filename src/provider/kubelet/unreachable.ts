import { describeError, hasCode } from '../../kube/errors.ts';
import { refuse } from './answer.ts';
import type { Call, KubeletContext } from './call.ts';

/** Answers a call whose lower cluster could not be asked. Why there are no credentials is for our log alone. */
export function refuseUnreachable(call: Call, { logger }: KubeletContext, error: unknown): void {
  const message = describeError(error);
  logger.warn({ path: call.request.url?.split('?')[0], error: message }, 'the lower cluster did not answer');
  refuse(call, 502, hasCode(error, 'Unreachable') ? message : 'the lower cluster cannot be asked');
}
