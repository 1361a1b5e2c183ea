import type { Pod } from '../kube/types.ts';
import { isFinished } from './pod-status.ts';
import type { Refusal } from './refusal.ts';

const lowerPodDeleted: Refusal = {
  reason: 'LowerPodDeleted',
  message: 'somebody deleted the pod in the lower cluster',
};

/** How long after its grace period a pod deleted below may still be there, in milliseconds. */
const lostNodePatience = 30_000;

/** What made a pod fail that somebody deletes below: its kubelet gives no reason, since there everybody knows. */
export function deletedBelow(upper: Pod, lower: Pod): Refusal | undefined {
  if (!isDeletedByOthers(upper, lower)) return undefined;
  if (lower.status?.phase !== 'Failed' || lower.status.reason !== undefined) return undefined;
  // A pod that had failed by itself before it was cleared away keeps to that.
  if (isFinished(upper) && upper.status?.reason !== lowerPodDeleted.reason) return undefined;
  return lowerPodDeleted;
}

/**
 * Milliseconds until a pod that somebody deletes below should have been gone for a while; undefined when nobody
 * does. Past that its node is lost: waiting longer would keep the owner above from replacing it, and the name
 * stays taken below in any case.
 */
export function untilOverdue(upper: Pod, lower: Pod, now: number): number | undefined {
  if (!isDeletedByOthers(upper, lower) || isFinished(upper) || isFinished(lower)) return undefined;
  return Date.parse(lower.metadata?.deletionTimestamp ?? '') + lostNodePatience - now;
}

function isDeletedByOthers(upper: Pod, lower: Pod): boolean {
  return Boolean(lower.metadata?.deletionTimestamp) && !upper.metadata?.deletionTimestamp;
}
