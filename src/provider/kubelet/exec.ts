import { containerTarget, lowerStreamPath } from '../../translate/kubelet-request.ts';
import { type Call, isOurs, type KubeletContext } from './call.ts';
import { stream } from './stream.ts';

/** `/exec/NS/POD[/UID]/C`: runs a command in a container, its standard streams joined to the caller's. */
export async function exec(call: Call, context: KubeletContext): Promise<void> {
  const target = containerTarget(call.segments);
  if (isOurs(call, context, target)) await stream(call, context, lowerStreamPath('exec', target, call.query));
}
