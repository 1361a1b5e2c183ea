import { hasCode } from '../../../kube/errors.ts';
import { refuse } from '../answer.ts';
import type { Call } from '../call.ts';

/** Answers with figures of the lower nodes; 503 and why when there are none, for it is not the caller's doing. */
export async function serveFigures(call: Call, type: string, figures: () => Promise<string>): Promise<void> {
  let body: Buffer;
  try {
    body = Buffer.from(await figures());
  } catch (error) {
    if (!hasCode(error, 'Forbidden', 'Unreachable')) throw error;
    refuse(call, 503, error.message);
    return;
  }
  call.response.writeHead(200, { 'content-type': type, 'content-length': body.length });
  call.response.end(body);
}
