import type { Container, Pod } from '../kube/types.ts';
import { addTo, type Resources, raiseTo, readResources } from './resource-list.ts';

const onePod = 1_000_000_000n;

/**
 * What a pod asks of a node, as kube-scheduler counts it (k8s.io/component-helpers/resource, PodRequests): the
 * containers and sidecars together, or the largest moment of the init phase when that is more; requests of the
 * whole pod in their place where it has them; its overhead; and one of `pods`.
 */
export function podRequests(pod: Pod): Resources {
  const { spec } = pod;
  const total = new Map<string, bigint>();
  for (const container of spec?.containers ?? []) addTo(total, requestsOf(container));
  const sidecars = new Map<string, bigint>();
  const initPeak = new Map<string, bigint>();
  for (const container of spec?.initContainers ?? []) {
    const moment = new Map(sidecars);
    addTo(moment, requestsOf(container));
    raiseTo(initPeak, moment);
    if (container.restartPolicy === 'Always') addTo(sidecars, requestsOf(container));
  }
  addTo(total, sidecars);
  raiseTo(total, initPeak);
  for (const [name, value] of readResources(spec?.resources?.requests)) total.set(name, value);
  addTo(total, readResources(spec?.overhead));
  total.set('pods', onePod);
  return total;
}

function requestsOf(container: Container): Resources {
  return readResources(container.resources?.requests);
}
