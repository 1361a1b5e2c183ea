import type { Container, ContainerStatus, Pod } from '../kube/types.ts';
import { addTo, type Resources, raiseTo, readResources } from './resource-list.ts';

const onePod = 1_000_000_000n;

/**
 * What a pod asks of a node, as kube-scheduler counts it (k8s.io/component-helpers/resource, PodRequests): the
 * containers and sidecars together, or the largest moment of the init phase when that is more; requests of the
 * whole pod in their place where it has them; its overhead; and one of `pods`.
 */
export function podRequests(pod: Pod): Resources {
  const { spec } = pod;
  const requestsOf = containerRequests(pod);
  const total = new Map<string, bigint>();
  for (const container of spec?.containers ?? []) addTo(total, requestsOf(container));
  const sidecars = new Map<string, bigint>();
  const initPeak = new Map<string, bigint>();
  for (const container of spec?.initContainers ?? []) {
    const isSidecar = container.restartPolicy === 'Always';
    const requests = isSidecar ? requestsOf(container) : readResources(container.resources?.requests);
    // Of what this one does not ask for, the sidecars alone count, and they do so in the total anyway: to copy all of
    // theirs each time would take seconds for a pod of many.
    const moment = [...requests].map(([name, value]) => [name, value + (sidecars.get(name) ?? 0n)] as const);
    raiseTo(initPeak, new Map(moment));
    if (isSidecar) addTo(sidecars, requests);
  }
  addTo(total, sidecars);
  raiseTo(total, initPeak);
  for (const [name, value] of readResources(spec?.resources?.requests)) {
    if (isOfWholePods(name)) total.set(name, value);
  }
  addTo(total, readResources(spec?.overhead));
  total.set('pods', onePod);
  return total;
}

/** Other resources cannot be asked for by the pod as a whole (IsSupportedPodLevelResource). */
function isOfWholePods(resource: string): boolean {
  return resource === 'cpu' || resource === 'memory' || resource.startsWith('hugepages-');
}

/**
 * What a container that goes on running takes. While it is resized in place that is the most of what is asked
 * for, what it has and what is set aside for it; what is asked for does not count when it cannot be had.
 */
function containerRequests(pod: Pod): (container: Container) => Resources {
  const { conditions, containerStatuses, initContainerStatuses } = pod.status ?? {};
  const pending = conditions?.find(({ type }) => type === 'PodResizePending');
  const statuses = new Map<string, ContainerStatus>();
  for (const status of [...(containerStatuses ?? []), ...(initContainerStatuses ?? [])]) {
    if (status.resources) statuses.set(status.name, status);
  }
  return ({ name, resources }) => {
    const asked = readResources(resources?.requests);
    const status = statuses.get(name);
    if (!status) return asked;
    const taken = pending?.reason === 'Infeasible' ? new Map<string, bigint>() : asked;
    raiseTo(taken, readResources(status.resources?.requests));
    raiseTo(taken, readResources(status.allocatedResources));
    return taken;
  };
}
