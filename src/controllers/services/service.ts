import type { ReconcileResult } from '../../kube/work-queue.ts';
import { serviceDown } from '../../translate/services/service-down.ts';
import { presenceOf } from '../../translate/services/settings.ts';
import type { ServicesView } from './services-view.ts';

/**
 * Makes a lower Service what the upper one is, or takes it away where it is not to be.
 *
 * @param key of the Service, above and below
 * @throws KubeError
 */
export async function reconcileService(view: ServicesView, key: string): Promise<ReconcileResult> {
  if (!view.isReachable()) return undefined;
  const upper = view.upper.services.get(key);
  const isWanted = upper !== undefined && isToBeBelow(view, key);
  return view.services.bring(key, isWanted ? serviceDown(upper, view.owner, view.network) : undefined);
}

/** Whether an upper Service is to be in this lower cluster now. */
export function isToBeBelow({ upper, use, choice }: ServicesView, key: string): boolean {
  const service = upper.services.get(key);
  if (!service) return false;
  switch (presenceOf(service, choice)) {
    case 'with its pods':
      return use.has(service.metadata?.namespace ?? '');
    case 'with any pods':
      return use.isAny;
    case 'never':
      return false;
  }
}
