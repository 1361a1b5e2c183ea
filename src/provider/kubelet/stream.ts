import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { refuse } from './answer.ts';
import type { Call, KubeletContext } from './call.ts';
import { dialLower } from './dial-lower.ts';
import { forward } from './forward.ts';
import { joinSockets } from './pipe.ts';
import { refuseUnreachable } from './unreachable.ts';
import { asksForStream, upgradeHeaders } from './upgrade-headers.ts';

/**
 * Joins an upgraded connection to the same of the lower API server. Nothing in the streams names the pod, so the
 * bytes pass unread, whatever the protocol.
 *
 * @param path of the lower API server, with the query
 */
export async function stream(call: Call, context: KubeletContext, path: string): Promise<void> {
  const { request, response, upgrade, session } = call;
  if (!upgrade || !asksForStream(request)) {
    refuse(call, 400, 'this needs an upgrade to SPDY/3.1 or websocket');
    return;
  }
  const method = request.method ?? 'GET';
  let answer: Awaited<ReturnType<typeof dialLower>>;
  try {
    answer = await dialLower(context.lower, {
      method,
      path,
      headers: upgradeHeaders(request),
      signal: session.signal,
    });
  } catch (error) {
    refuseUnreachable(call, context, error);
    return;
  }
  if (!answer.upgrade) {
    await forward(call, answer.response);
    return;
  }
  const upper = upgrade.socket;
  const lower = answer.upgrade.socket;
  response.detachSocket(upper);
  const joined = joinSockets(upper, lower, context.idleTimeout);
  const stop = () => {
    upper.destroy();
    lower.destroy();
  };
  if (session.signal.aborted) stop();
  session.signal.addEventListener('abort', stop, { once: true });
  relayHead(answer.response, upper);
  upper.write(answer.upgrade.head);
  lower.write(upgrade.head);
  await joined;
}

/** The lower server's 101 as it was written: the order and case of its headers are its own. */
function relayHead({ rawHeaders, statusCode, statusMessage }: IncomingMessage, to: Socket): void {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  }
  to.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
