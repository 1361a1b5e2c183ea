import { hasCode } from '../../kube/errors.ts';
import { metaTime } from '../../kube/meta-time.ts';
import { pods } from '../../kube/resources.ts';
import type { Pod } from '../../kube/types.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import { isOurs, upperUidOf } from '../../translate/marks.ts';
import { notedLowerUid, statusLost } from '../../translate/pod-status.ts';
import type { Refusal } from '../../translate/refusal.ts';
import { findPod, type PodSync, patchUpper, recordRefusal } from './pod-sync.ts';

/**
 * A conflict mostly means that a pod of another uid has the name, which the watch tells. It may also come from whoever
 * else has a say in it, such as a webhook: so it is looked at again after this, in milliseconds.
 */
const conflictRetry = 1_000;

/** Deletes a lower pod of ours, and no other of its name; the grace period is its own unless given. */
export async function deleteLower(
  sync: PodSync,
  lower: Pod,
  gracePeriodSeconds: number | undefined,
): Promise<ReconcileResult> {
  const { namespace, name = '', uid = '' } = lower.metadata ?? {};
  try {
    const left = await sync.lower.delete(pods, { namespace, name }, { uid, gracePeriodSeconds });
    if (left.metadata?.uid === uid) sync.lowerPods.apply(left);
    return undefined;
  } catch (error) {
    return afterRefusal(error);
  }
}

function afterRefusal(error: unknown): ReconcileResult {
  if (hasCode(error, 'Conflict')) return { requeueAfter: conflictRetry };
  if (hasCode(error, 'NotFound')) return undefined;
  throw error;
}

/** The upper cache may lag or be filtered: only the upper API server's own word lets a lower pod be deleted. */
export async function deleteOrphan(sync: PodSync, lower: Pod): Promise<ReconcileResult> {
  if (lower.metadata?.deletionTimestamp) return undefined;
  const above = await findPod(sync.upper, lower);
  if (above?.metadata?.uid === upperUidOf(lower)) return undefined;
  return deleteLower(sync, lower, undefined);
}

/** Ends the graceful deletion of an upper pod of which nothing is left below. */
export async function removeUpper(sync: PodSync, upper: Pod): Promise<ReconcileResult> {
  const { namespace, name = '', uid = '' } = upper.metadata ?? {};
  if (notedLowerUid(upper) === undefined) {
    // A create whose answer never came may have made the pod below, and the watch may lag.
    const below = await findPod(sync.lower, upper);
    if (below && isOurs(below, sync.owner) && upperUidOf(below) === uid) {
      sync.lowerPods.apply(below);
      return { requeueAfter: 0 };
    }
  }
  try {
    const left = await sync.upper.delete(pods, { namespace, name }, { uid, gracePeriodSeconds: 0 });
    // Until the watch brings it, any other news of the pod would delete it once more.
    if (left.metadata?.uid === uid) takeAway(sync, left);
    return undefined;
  } catch (error) {
    return afterRefusal(error);
  }
}

/** What the answer to a deletion shows: finalizers still hold the pod, or it is gone. */
function takeAway({ upperPods }: PodSync, left: Pod): void {
  if ((left.metadata?.finalizers ?? []).length > 0) upperPods.apply(left);
  else upperPods.remove(left);
}

const marksTaken: Refusal = {
  reason: 'NotOursAnyMore',
  message: 'somebody took the isthmus.io annotations from the pod in the lower cluster: it is not touched',
};
/** Milliseconds until such a pod is looked at again; the watch tells sooner when its marks come back. */
const marksRetry = 60_000;

/**
 * Fails an upper pod whose lower pod vanished. Failed is for good, so it takes the lower API server's own word,
 * and that it still is the same cluster.
 */
export async function failLost(sync: PodSync, upper: Pod, lowerUid: string): Promise<ReconcileResult> {
  if (!(await sync.confirmReachable())) return undefined;
  const below = await findPod(sync.lower, upper);
  if (below?.metadata?.uid === lowerUid) {
    sync.lowerPods.apply(below);
    if (isOurs(below, sync.owner)) return { requeueAfter: 1_000 };
    recordRefusal(sync, upper, marksTaken);
    return { requeueAfter: marksRetry };
  }
  const refusal = {
    reason: 'LowerPodLost',
    message: 'the pod vanished from the lower cluster without being asked to',
  };
  return writeLost(sync, upper, sync.lowerPods.lastSeen(lowerUid), refusal);
}

/** Fails an upper pod whose lower pod was deleted below and does not go, as on a node that is lost. */
export function failStuck(sync: PodSync, upper: Pod, lower: Pod): Promise<ReconcileResult> {
  const node = lower.spec?.nodeName;
  const message = `the pod was deleted in the lower cluster and does not end; its node ${node} may be lost`;
  return writeLost(sync, upper, lower, { reason: 'LowerNodeLost', message });
}

async function writeLost(
  sync: PodSync,
  upper: Pod,
  lastSeen: Pod | undefined,
  refusal: Refusal,
): Promise<ReconcileResult> {
  const status = statusLost(upper, lastSeen, refusal, metaTime(sync.now()));
  if (status.reason === refusal.reason) recordRefusal(sync, upper, refusal);
  return patchUpper(sync, upper, status);
}
