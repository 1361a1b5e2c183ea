import type { EndpointSlice } from '../../kube/types.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import { carriesEndpoints } from '../../translate/services/service-down.ts';
import { sliceDown } from '../../translate/services/slice-down.ts';
import { isToBeBelow, mayWant } from './service.ts';
import type { ServicesView } from './services-view.ts';
import { serviceKeyOf } from './upper-services.ts';

/**
 * Makes a lower EndpointSlice what the upper one is, or takes it away where it is not to be.
 *
 * @param key of the slice, above and below
 * @throws KubeError
 */
export async function reconcileEndpointSlice(view: ServicesView, key: string): Promise<ReconcileResult> {
  if (!view.isReachable()) return undefined;
  const upper = view.upper.slices.get(key);
  const isWanted = upper !== undefined && goesDown(view, upper);
  if (isWanted) return view.slices.bring(key, sliceDown(upper, view));
  const [service = ''] = upper ? serviceKeyOf(upper) : [];
  return view.slices.bring(key, undefined, (node) => isOfCopy(view, service) && mayWant(view, service, node));
}

/** A slice finds its Service by the name alone: where that is the lower cluster's own, ours must not be there. */
function goesDown(view: ServicesView, slice: EndpointSlice): boolean {
  const [key = ''] = serviceKeyOf(slice);
  const service = view.upper.services.get(key);
  return (
    service !== undefined &&
    carriesEndpoints(service, view.network) &&
    isOfCopy(view, key) &&
    isToBeBelow(view, key)
  );
}

function isOfCopy(view: ServicesView, service: string): boolean {
  return view.services.held(service) !== undefined;
}
