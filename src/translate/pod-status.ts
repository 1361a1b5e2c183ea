import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../kube/types.ts';
import { lowerPodAnnotation, upperGenerationAnnotation } from './names.ts';
import { chosenCondition, gateTypes } from './readiness-gates.ts';
import type { Refusal } from './refusal.ts';

/** Whether a pod has finished; it never runs again (`PodPhase` in k8s.io/api/core/v1). */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/**
 * The status above of a pod that exists below: the lower one, field for field, except for what speaks of the
 * upper object. Conditions of types that nothing below reports, such as readiness gates, stay.
 */
export function statusUp(upper: Pod, lower: Pod): PodStatus {
  const {
    nominatedNodeName: _nominated,
    conditions = [],
    observedGeneration: _observed,
    ...rest
  } = lower.status ?? {};
  const observed = observedGeneration(upper, lower);
  const gates = new Set(gateTypes(upper).filter((type) => isSetAbove(type, upper, lower)));
  const reported = conditions.filter(({ type }) => !gates.has(type));
  const types = new Set(reported.map(({ type }) => type));
  const kept = (upper.status?.conditions ?? []).filter(({ type }) => !types.has(type));
  return {
    ...rest,
    ...(observed === undefined ? {} : { observedGeneration: observed }),
    conditions: [...reported.map((condition) => ofGeneration(condition, observed)), ...kept],
  };
}

function isSetAbove(type: string, upper: Pod, lower: Pod): boolean {
  const { chosen, below } = chosenCondition(type, upper, lower);
  return chosen !== undefined && chosen !== below;
}

/** The upper generation that the lower kubelet has acted upon, or the last one known while it lags. */
function observedGeneration(upper: Pod, lower: Pod): number | undefined {
  if (lower.status?.observedGeneration === undefined) return undefined;
  if (lower.status.observedGeneration !== lower.metadata?.generation) return upper.status?.observedGeneration;
  const carried = Number(lower.metadata?.annotations?.[upperGenerationAnnotation]);
  return Number.isInteger(carried) ? carried : undefined;
}

function ofGeneration(condition: PodCondition, observed: number | undefined): PodCondition {
  if (condition.observedGeneration === undefined) return condition;
  const { observedGeneration: _lower, ...rest } = condition;
  return observed === undefined ? rest : { ...rest, observedGeneration: observed };
}

/** The status above of a pod that cannot go down yet: Pending, each container waiting for the same reason. */
export function statusWaiting(upper: Pod, { reason, message }: Refusal): PodStatus {
  const waiting = (container: { name: string; image?: string }): ContainerStatus => ({
    name: container.name,
    image: container.image ?? '',
    imageID: '',
    ready: false,
    started: false,
    restartCount: 0,
    state: { waiting: { reason, message } },
  });
  return {
    ...upper.status,
    phase: 'Pending',
    containerStatuses: (upper.spec?.containers ?? []).map(waiting),
  };
}

/**
 * The last status of a pod whose lower copy is gone. What finished below stays as it finished; anything else has
 * Failed, so that its owner replaces it.
 *
 * @param lastSeen the lower pod as it was when it went, when that is known
 * @param now time of the change, RFC 3339
 */
export function statusLost(
  upper: Pod,
  lastSeen: Pod | undefined,
  { reason, message }: Refusal,
  now: string,
): PodStatus {
  if (lastSeen && isFinished(lastSeen)) return statusUp(upper, lastSeen);
  const before = lastSeen ? statusUp(upper, lastSeen) : (upper.status ?? {});
  return {
    ...before,
    phase: 'Failed',
    reason: before.reason ?? reason,
    message: before.message ?? message,
    conditions: (before.conditions ?? []).map((condition) => notReady(condition, now)),
    ...ended('containerStatuses', before.containerStatuses, message, now),
    ...ended('initContainerStatuses', before.initContainerStatuses, message, now),
  };
}

function notReady(condition: PodCondition, now: string): PodCondition {
  const speaksOfRunning = condition.type === 'Ready' || condition.type === 'ContainersReady';
  if (!speaksOfRunning || condition.status === 'False') return condition;
  return { ...condition, status: 'False', reason: 'PodFailed', lastTransitionTime: now };
}

/** Containers whose end nobody saw, as the kubelet words it (pkg/kubelet/status, ContainerStatusUnknown). */
function ended(
  key: 'containerStatuses' | 'initContainerStatuses',
  statuses: ContainerStatus[] | undefined,
  message: string,
  now: string,
): Partial<PodStatus> {
  if (!statuses) return {};
  return {
    [key]: statuses.map((status) => {
      if (status.state?.terminated) return status;
      const started = status.state?.running?.startedAt;
      const terminated = {
        exitCode: 137,
        reason: 'ContainerStatusUnknown',
        message,
        ...(started ? { startedAt: started } : {}),
        finishedAt: now,
      };
      return { ...status, ready: false, started: false, state: { terminated } };
    }),
  };
}

/** The note on an upper pod that its lower pod has been made: both uids, so that it means nothing on a copy. */
export function lowerPodNote(upper: Pod, lower: Pod): string {
  return `${upper.metadata?.uid}/${lower.metadata?.uid}`;
}

/** The uid of the lower pod that was made for this upper pod, when one was. */
export function notedLowerUid(upper: Pod): string | undefined {
  const [upperUid, lowerUid] = upper.metadata?.annotations?.[lowerPodAnnotation]?.split('/') ?? [];
  return upperUid === upper.metadata?.uid ? lowerUid : undefined;
}
