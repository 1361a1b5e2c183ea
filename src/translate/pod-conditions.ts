import type { Pod, PodCondition } from '../kube/types.ts';
import { chosenCondition, gateTypes } from './readiness-gates.ts';

/** Conditions that only a kubelet writes (pkg/kubelet/types/pod_status.go): one it took back must not stay above. */
const ofTheKubelet = new Set([
  'AllContainersRestarting',
  'ContainersReady',
  'Initialized',
  'PodReadyToStartContainers',
  'PodResizeInProgress',
  'PodResizePending',
  'Ready',
]);

/**
 * The conditions above of a pod that exists below: the lower ones, and of the upper ones those that are somebody
 * else's to write, such as readiness gates and disruptions.
 *
 * @param observed the upper generation that a lower one stands for, when that is known
 */
export function conditionsUp(
  upper: Pod,
  lower: Pod,
  observed: (lowerGeneration: number | undefined) => number | undefined,
): PodCondition[] {
  const above = upper.status?.conditions ?? [];
  const gates = new Set(gateTypes(upper));
  const below = (lower.status?.conditions ?? []).filter(
    ({ type }) => !gates.has(type) || chosenCondition(type, upper, lower).from === 'lower',
  );
  const carried = below.map((condition) => {
    const { observedGeneration: lowerGeneration, ...rest } = condition;
    const known = above.find(({ type }) => type === condition.type)?.observedGeneration;
    const observedGeneration = observed(lowerGeneration) ?? known;
    return observedGeneration ? { ...rest, observedGeneration } : rest;
  });
  const reported = new Set(below.map(({ type }) => type));
  return [...carried, ...above.filter(({ type }) => !reported.has(type) && !ofTheKubelet.has(type))];
}

/**
 * The conditions of a pod whose lower cluster does not answer: it is not ready, so that no Service leads there. Of a lost
 * node Kubernetes says so itself (MarkPodsNotReady), but only where the node had said it was Ready until it fell silent.
 */
export function unreachableConditions(conditions: readonly PodCondition[], now: string): PodCondition[] {
  return conditions.map((condition) => {
    if (condition.type !== 'Ready' || condition.status !== 'True') return condition;
    const message = 'the lower cluster does not answer';
    return {
      ...condition,
      status: 'False',
      reason: 'LowerClusterUnreachable',
      message,
      lastTransitionTime: now,
    };
  });
}

/** The conditions of a pod that has Failed: it is not ready, in the kubelet's own words. */
export function failedConditions(conditions: PodCondition[], now: string): PodCondition[] {
  return conditions.map((condition) => {
    const speaksOfRunning = condition.type === 'Ready' || condition.type === 'ContainersReady';
    if (!speaksOfRunning || condition.status === 'False') return condition;
    const { message: _message, ...rest } = condition;
    return { ...rest, status: 'False', reason: 'PodFailed', lastTransitionTime: now };
  });
}
