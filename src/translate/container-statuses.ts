import type { Container, ContainerStatus, Pod, PodStatus } from '../kube/types.ts';

type Lists = Pick<PodStatus, 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses'>;

/**
 * The statuses without the health of devices that the upper containers did not ask for: the API server refuses
 * a whole status for one that the lower cluster added (pkg/apis/core/validation, allocatedResourcesStatus).
 */
export function withAskedDevices(
  statuses: ContainerStatus[],
  containers: Container[] | undefined,
): ContainerStatus[] {
  return statuses.map((status) => {
    const container = containers?.find(({ name }) => name === status.name);
    if (!container || !status.allocatedResourcesStatus) return status;
    const { requests, claims } = container.resources ?? {};
    const asked = new Set(Object.keys(requests ?? {}));
    for (const { name, request } of claims ?? []) asked.add(`claim:${name}${request ? `/${request}` : ''}`);
    const { allocatedResourcesStatus, ...rest } = status;
    const allocated = allocatedResourcesStatus.filter(({ name }) => asked.has(name));
    return allocated.length > 0 ? { ...rest, allocatedResourcesStatus: allocated } : rest;
  });
}

/**
 * The statuses of a pod that is gone, as the kubelet leaves them (pkg/kubelet/status, TerminatePod): a container
 * whose end nobody saw has ended in an unknown way, one that never began goes on waiting.
 */
export function endedStatuses(pod: Pod, statuses: Lists, message: string, now: string): Lists {
  const end = (status: ContainerStatus): ContainerStatus => {
    if (status.state?.terminated) return status;
    const startedAt = status.state?.running?.startedAt;
    const terminated = {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message,
      ...(startedAt ? { startedAt } : {}),
      finishedAt: now,
    };
    return { ...status, ready: false, started: false, state: { terminated } };
  };
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = statuses;
  const lastBegun = Math.max(0, (initContainerStatuses ?? []).findLastIndex(hasBegun));
  return {
    ...(containerStatuses && isInitialized(pod, statuses)
      ? { containerStatuses: containerStatuses.map(end) }
      : {}),
    ...(initContainerStatuses
      ? {
          initContainerStatuses: initContainerStatuses.map((status, index) =>
            index <= lastBegun ? end(status) : status,
          ),
        }
      : {}),
    ...(ephemeralContainerStatuses
      ? {
          ephemeralContainerStatuses: ephemeralContainerStatuses.map((status) =>
            hasBegun(status) ? end(status) : status,
          ),
        }
      : {}),
  };
}

function hasBegun({ state, lastState }: ContainerStatus): boolean {
  return !state?.waiting || Boolean(lastState?.terminated);
}

function isInitialized(pod: Pod, { containerStatuses, initContainerStatuses }: Lists): boolean {
  const last = pod.spec?.initContainers?.at(-1);
  if (!last || containerStatuses?.some(hasBegun)) return true;
  const { state, lastState, started } = initContainerStatuses?.at(-1) ?? {};
  if (last.restartPolicy === 'Always') return Boolean(state?.running && started);
  return state?.terminated?.exitCode === 0 || lastState?.terminated?.exitCode === 0;
}
