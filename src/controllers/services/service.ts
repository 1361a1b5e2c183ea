import { hasCode } from '../../kube/errors.ts';
import { splitKey } from '../../kube/resources.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import { serviceAnnotation } from '../../translate/names.ts';
import { serviceDown } from '../../translate/services/service-down.ts';
import { presenceOf } from '../../translate/services/settings.ts';
import type { ServicesView } from './services-view.ts';

/** The namespace whose Services may go down with the pods of any. */
export const systemNamespace = 'kube-system';

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
  if (!isWanted) return view.services.bring(key, undefined, (node) => mayWant(view, key, node));
  const { namespace } = splitKey(key);
  // Elsewhere its pods have made the namespace.
  if (!view.use.has(namespace)) await view.namespaces.ensure(namespace);
  try {
    return await view.services.bring(key, serviceDown(upper, view.owner, view.network));
  } catch (error) {
    if (hasCode(error, 'NotFound')) view.namespaces.forget(namespace);
    throw error;
  }
}

/**
 * Whether another virtual node of this lower cluster may want an upper Service there that we do not: its settings may be
 * others, and it has pods there that would find it.
 */
export function mayWant({ upper, use }: ServicesView, key: string, virtualNode: string): boolean {
  const service = upper.services.get(key);
  if (!service || service.metadata?.annotations?.[serviceAnnotation] === 'false') return false;
  const { namespace } = splitKey(key);
  return use.isUsedBy(virtualNode, namespace === systemNamespace ? undefined : namespace);
}

/** Whether an upper Service is to be in this lower cluster now. */
export function isToBeBelow({ upper, use, choice }: ServicesView, key: string): boolean {
  const service = upper.services.get(key);
  if (!service) return false;
  switch (presenceOf(service, choice, upper.exports.get(key) !== undefined)) {
    case 'with its pods':
      return use.has(service.metadata?.namespace ?? '');
    case 'with any pods':
      return use.isAny;
    case 'always':
      return true;
    case 'never':
      return false;
  }
}
