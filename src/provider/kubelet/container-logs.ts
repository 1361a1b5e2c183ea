import type { IncomingMessage } from 'node:http';
import type { Status } from '../../kube/types.ts';
import { containerTarget, lowerLogPath } from '../../translate/kubelet-request.ts';
import { refuse } from './answer.ts';
import { type Call, isOurs, type KubeletContext } from './call.ts';
import { dialLower } from './dial-lower.ts';
import { forward } from './forward.ts';
import { refuseUnreachable } from './unreachable.ts';

/** A Status is a few hundred bytes; of anything longer, so much is shown. */
const longestRefusal = 4_096;

/** `GET /containerLogs/NS/POD/C`: the log of a container, with `follow` for as long as both sides stay. */
export async function containerLogs(call: Call, context: KubeletContext): Promise<void> {
  const target = containerTarget(call.segments);
  if (!isOurs(call, context, target)) return;
  const path = lowerLogPath(target, call.query);
  const headers = { accept: '*/*', 'user-agent': call.request.headers['user-agent'] ?? 'isthmus' };
  let below: IncomingMessage;
  try {
    const leaving = new AbortController();
    call.response.once('close', () => leaving.abort());
    const signal = AbortSignal.any([call.session.signal, leaving.signal]);
    below = (await dialLower(context.lower, { method: 'GET', path, headers, signal })).response;
  } catch (error) {
    refuseUnreachable(call, context, error);
    return;
  }
  if ((below.statusCode ?? 502) < 400 || below.statusCode === 401) await forward(call, below);
  else refuse(call, below.statusCode ?? 502, await messageOf(below));
}

/** What a person should read of a refusal: kubectl shows a kubelet's body as it comes, so no JSON. */
async function messageOf(below: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of below.setEncoding('utf8')) {
      text += chunk;
      if (text.length > longestRefusal) break;
    }
    return (JSON.parse(text) as Status).message ?? text;
  } catch {
    return text.slice(0, longestRefusal) || `HTTP ${below.statusCode}`;
  }
}
