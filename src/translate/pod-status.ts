import type { ContainerStatus, Pod, PodStatus } from '../kube/types.ts';
import { endedStatuses, withAskedDevices } from './container-statuses.ts';
import { fieldsThatAre, only, without } from './fates/fate.ts';
import { podStatusFates } from './fates/pod-status.ts';
import { lowerPodAnnotation, upperGenerationAnnotation } from './names.ts';
import { conditionsUp, failedConditions } from './pod-conditions.ts';
import type { Refusal } from './refusal.ts';

/** Whether a pod has finished; it never runs again (`PodPhase` in k8s.io/api/core/v1). */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** The class of service, a node, claims: what each pod has of its own cluster. */
const ofOneCluster = fieldsThatAre('dropped', podStatusFates.PodStatus);

/**
 * The status above of a pod that exists below: the lower one, field for field, except for what speaks of the
 * upper object, or of its cluster.
 */
export function statusUp(upper: Pod, lower: Pod): PodStatus {
  const {
    conditions: _conditions,
    observedGeneration: _observed,
    ...status
  } = without(lower.status ?? {}, ofOneCluster);
  const above = upper.status ?? {};
  const observed = observedGenerations(upper, lower);
  const { containerStatuses, initContainerStatuses } = status;
  return {
    ...status,
    ...(containerStatuses && {
      containerStatuses: withAskedDevices(containerStatuses, upper.spec?.containers),
    }),
    ...(initContainerStatuses && {
      initContainerStatuses: withAskedDevices(initContainerStatuses, upper.spec?.initContainers),
    }),
    ...present({
      ...only(above, ofOneCluster),
      conditions: nonEmpty(conditionsUp(upper, lower, observed)),
      // What the kubelet has not said yet stays: the API server keeps what a writer leaves out.
      observedGeneration: observed(lower.status?.observedGeneration) ?? above.observedGeneration,
    }),
  };
}

/** Of the lower generations only the newest is known to stand for an upper one: what was carried last. */
function observedGenerations(upper: Pod, lower: Pod): (generation: number | undefined) => number | undefined {
  const isDeletionCarried = upper.metadata?.deletionTimestamp && lower.metadata?.deletionTimestamp;
  const carried = isDeletionCarried
    ? Number(upper.metadata?.generation)
    : Number(lower.metadata?.annotations?.[upperGenerationAnnotation]);
  const isKnown = Number.isInteger(carried) && carried > 0;
  return (generation) =>
    isKnown && generation !== undefined && generation === lower.metadata?.generation ? carried : undefined;
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
    // As the API server writes it back: without it the status would differ from itself at each reconcile.
    lastState: {},
  });
  return {
    ...upper.status,
    phase: 'Pending',
    containerStatuses: (upper.spec?.containers ?? []).map(waiting),
  };
}

/** The status above of a pod that is never to go down: it has Failed before it began. */
export function statusRejected(upper: Pod, { reason, message }: Refusal): PodStatus {
  return { ...upper.status, phase: 'Failed', reason, message };
}

/**
 * The last status of a pod whose lower copy is gone. What finished below stays as it finished; anything else has
 * Failed, so that its owner replaces it: for the reason given, or for none when somebody deleted the pod.
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
  const isAsked = Boolean(upper.metadata?.deletionTimestamp);
  const end = isAsked ? 'The container could not be located when the pod was terminated' : message;
  return {
    ...before,
    phase: 'Failed',
    ...(isAsked ? {} : { reason: before.reason ?? reason, message: before.message ?? message }),
    ...(before.conditions && { conditions: failedConditions(before.conditions, now) }),
    ...endedStatuses(upper, before, end, now),
  };
}

/** The note on an upper pod that its lower pod has been made: both uids, so that it means nothing on a copy. */
export function lowerPodNote(upper: Pod, lower: Pod): string {
  return `${upper.metadata?.uid}/${lower.metadata?.uid}`;
}

/** The uid of the lower pod that was made for this upper pod, when one was. */
export function notedLowerUid(upper: Pod): string | undefined {
  const [upperUid, lowerUid] = upper.metadata?.annotations?.[lowerPodAnnotation]?.split('/') ?? [];
  return lowerUid && upperUid === upper.metadata?.uid ? lowerUid : undefined;
}

function nonEmpty<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined;
}

type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as Present<T>;
}
