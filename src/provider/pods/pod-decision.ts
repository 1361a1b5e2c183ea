import type { Pod } from '../../kube/types.ts';
import { isOfUpperCluster, isOurs, isVirtual, type Owner, upperUidOf } from '../../translate/marks.ts';
import { isFinished, notedLowerUid } from '../../translate/pod-status.ts';
import type { Refusal } from '../../translate/refusal.ts';

/** The one next step for a pod. */
export type Decision =
  | { do: 'nothing' }
  /** Make the lower pod. */
  | { do: 'create' }
  /** Carry edits down and status up. */
  | { do: 'mirror'; upper: Pod; lower: Pod }
  /** Delete the lower pod, with the upper one's grace period where it has one. */
  | { do: 'delete-lower'; lower: Pod; gracePeriodSeconds?: number }
  /** Delete a lower pod whose upper one seems gone, after the upper API server has confirmed it. */
  | { do: 'delete-orphan'; lower: Pod }
  /** Nothing is left below: let the upper pod go. */
  | { do: 'remove-upper'; upper: Pod }
  /**
   * The lower pod is gone before the upper one ended: it has Failed, unless the last that was seen of the lower
   * one tells otherwise. `lowerUid` is empty when none was ever made.
   */
  | { do: 'fail'; upper: Pod; lowerUid: string }
  /** The pod cannot go down now, for this reason; `remove` is in its way and ours to delete. */
  | { do: 'wait'; upper: Pod; refusal: Refusal; remove?: Pod };

/**
 * What to do about a pod name, from the two pods that have it. Depends on nothing else, so that it may be asked
 * at any time, any number of times.
 *
 * @param upper the upper pod bound to our virtual node
 * @param lower the lower pod of the same name, whoever made it
 * @param lostUid the lower pod that we saw go which stood for this upper one, where the note of it may be missing
 */
export function decide(
  upper: Pod | undefined,
  lower: Pod | undefined,
  owner: Owner,
  lostUid?: string,
): Decision {
  const ours = lower && isOurs(lower, owner) ? lower : undefined;
  if (!upper) return ours ? { do: 'delete-orphan', lower: ours } : { do: 'nothing' };
  const { uid, deletionTimestamp } = upper.metadata ?? {};
  const copy = ours && uid !== undefined && upperUidOf(ours) === uid ? ours : undefined;
  if (deletionTimestamp) return decideDeleting(upper, copy, ours);
  if (isFinished(upper)) return decideFinished(upper, copy, ours);
  if (copy) return { do: 'mirror', upper, lower: copy };
  const lowerUid = notedLowerUid(upper) ?? lostUid;
  if (lowerUid !== undefined) return { do: 'fail', upper, lowerUid };
  if (ours) return waitForPrevious(upper, ours);
  if (!isVirtual(upper)) return { do: 'wait', upper, refusal: notVirtual };
  return lower ? { do: 'wait', upper, refusal: collision(lower, owner) } : { do: 'create' };
}

const notVirtual: Refusal = {
  reason: 'NotVirtualPod',
  message: 'this node runs only pods with the label virtual-pod: "true"',
};

/** The lower pod goes first, with the grace that the user gave; the upper one when it is gone. */
function decideDeleting(upper: Pod, copy: Pod | undefined, ours: Pod | undefined): Decision {
  if (!copy) return decideGone(upper, ours);
  const grace = upper.metadata?.deletionGracePeriodSeconds;
  const under = copy.metadata?.deletionTimestamp ? copy.metadata.deletionGracePeriodSeconds : undefined;
  if (copy.metadata?.deletionTimestamp && (grace === undefined || under === undefined || under <= grace)) {
    return { do: 'mirror', upper, lower: copy };
  }
  return { do: 'delete-lower', lower: copy, ...(grace === undefined ? {} : { gracePeriodSeconds: grace }) };
}

/**
 * Nothing of the pod is left below. While finalizers hold it above, somebody waits to read how it ended: the Job
 * controller counts a pod only in a final phase, and the kubelet, too, writes one before it lets a pod go.
 */
function decideGone(upper: Pod, ours: Pod | undefined): Decision {
  const isHeld = (upper.metadata?.finalizers ?? []).length > 0;
  if (isHeld && !isFinished(upper)) return { do: 'fail', upper, lowerUid: notedLowerUid(upper) ?? '' };
  const isLetGo = isHeld && upper.metadata?.deletionGracePeriodSeconds === 0;
  return isLetGo ? removeLeftover(ours) : { do: 'remove-upper', upper };
}

/**
 * A finished pod does not run; the kubelet, too, stops a pod whose phase the API shows as finished. One that has
 * ended one way does not end another way because its containers below did.
 */
function decideFinished(upper: Pod, copy: Pod | undefined, ours: Pod | undefined): Decision {
  if (!copy) return removeLeftover(ours);
  if (copy.status?.phase === upper.status?.phase) return { do: 'mirror', upper, lower: copy };
  if (isFinished(copy) || copy.metadata?.deletionTimestamp) return { do: 'nothing' };
  return { do: 'delete-lower', lower: copy };
}

/** An upper pod that wants nothing more of its name below does not wait for the older one of that name to go. */
function removeLeftover(ours: Pod | undefined): Decision {
  return ours ? { do: 'delete-orphan', lower: ours } : { do: 'nothing' };
}

function waitForPrevious(upper: Pod, ours: Pod): Decision {
  const refusal = {
    reason: 'PreviousPodTerminating',
    message: `an earlier ${nameOf(ours)} is still there in the lower cluster`,
  };
  return { do: 'wait', upper, refusal, ...(ours.metadata?.deletionTimestamp ? {} : { remove: ours }) };
}

function collision(lower: Pod, owner: Owner): Refusal {
  const message = `${nameOf(lower)} exists in the lower cluster and belongs to ${whose(lower, owner)}`;
  return { reason: 'NameCollision', message };
}

function whose(lower: Pod, owner: Owner): string {
  if (isOfUpperCluster(lower, owner)) return 'another virtual node';
  return isVirtual(lower) && upperUidOf(lower) ? 'another upper cluster' : 'the lower cluster itself';
}

function nameOf(pod: Pod): string {
  return `pod ${pod.metadata?.namespace}/${pod.metadata?.name}`;
}
