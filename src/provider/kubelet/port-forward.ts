import { lowerPortForwardPath, podTarget } from '../../translate/kubelet-request.ts';
import { type Call, isOurs, type KubeletContext } from './call.ts';
import { stream } from './stream.ts';

/** `/portForward/NS/POD[/UID]`: carries the caller's TCP connections to ports of a pod. */
export async function portForward(call: Call, context: KubeletContext): Promise<void> {
  const target = podTarget(call.segments);
  if (isOurs(call, context, target)) await stream(call, context, lowerPortForwardPath(target, call.query));
}
