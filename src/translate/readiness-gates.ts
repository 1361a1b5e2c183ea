import type { Pod, PodCondition } from '../kube/types.ts';

/** The condition types that a pod's readiness waits for besides its containers. */
export function gateTypes(pod: Pod): string[] {
  return (pod.spec?.readinessGates ?? []).map(({ conditionType }) => conditionType);
}

/**
 * The condition of a readiness gate that counts: the one that changed last, wherever it was set, the upper one
 * when that cannot be told. So whoever decides about the gate, above or below, is heard in both clusters.
 */
export function chosenCondition(
  type: string,
  upper: Pod,
  lower: Pod,
): { from: 'upper' | 'lower'; condition: PodCondition | undefined; below: PodCondition | undefined } {
  const above = upper.status?.conditions?.find((condition) => condition.type === type);
  const below = lower.status?.conditions?.find((condition) => condition.type === type);
  const isBelow = below && (!above || changedAt(below) > changedAt(above));
  return isBelow ? { from: 'lower', condition: below, below } : { from: 'upper', condition: above, below };
}

function changedAt({ lastTransitionTime }: PodCondition): number {
  return Date.parse(lastTransitionTime ?? '') || 0;
}
