import { containerTarget, lowerStreamPath } from '../../translate/kubelet-request.ts';
import { type Call, isOurs, type KubeletContext } from './call.ts';
import { stream } from './stream.ts';

/** `/attach/NS/POD[/UID]/C`: joins the caller's standard streams to those of a running container. */
export async function attach(call: Call, context: KubeletContext): Promise<void> {
  const target = containerTarget(call.segments);
  if (isOurs(call, context, target))
    await stream(call, context, lowerStreamPath('attach', target, call.query));
}
