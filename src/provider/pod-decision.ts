import type { Pod } from '../kube/types.ts';
import { isOfUpperCluster, isOurs, isVirtual, type Owner, upperUidOf } from '../translate/marks.ts';
import { isFinished, notedLowerUid } from '../translate/pod-status.ts';
import type { Refusal } from '../translate/refusal.ts';

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
  /** The lower pod vanished: the upper one has Failed. */
  | { do: 'fail'; upper: Pod; lowerUid: string }
  /** The pod cannot go down now, for this reason; `remove` is in its way and ours to delete. */
  | { do: 'wait'; upper: Pod; refusal: Refusal; remove?: Pod };

/**
 * What to do about a pod name, from the two pods that have it. Depends on nothing else, so that it may be asked
 * at any time, any number of times.
 *
 * @param upper the upper pod bound to our virtual node
 * @param lower the lower pod of the same name, whoever made it
 */
export function decide(upper: Pod | undefined, lower: Pod | undefined, owner: Owner): Decision {
  const ours = lower && isOurs(lower, owner) ? lower : undefined;
  if (!upper) return ours ? { do: 'delete-orphan', lower: ours } : { do: 'nothing' };
  const copy = ours && upperUidOf(ours) === upper.metadata?.uid ? ours : undefined;
  if (upper.metadata?.deletionTimestamp) return decideDeleting(upper, copy);
  if (isFinished(upper)) return copy ? decideFinished(upper, copy) : { do: 'nothing' };
  if (copy) return { do: 'mirror', upper, lower: copy };
  const lowerUid = notedLowerUid(upper);
  if (lowerUid !== undefined) return { do: 'fail', upper, lowerUid };
  if (lower) return decideBlocked(upper, lower, ours, owner);
  if (!isVirtual(upper)) return { do: 'wait', upper, refusal: notVirtual };
  return { do: 'create' };
}

const notVirtual: Refusal = {
  reason: 'NotVirtualPod',
  message: 'this node runs only pods with the label virtual-pod: "true"',
};

/** The lower pod goes first, with the grace that the user gave; the upper one when it is gone. */
function decideDeleting(upper: Pod, copy: Pod | undefined): Decision {
  if (!copy) return { do: 'remove-upper', upper };
  const grace = upper.metadata?.deletionGracePeriodSeconds;
  const under = copy.metadata?.deletionTimestamp ? copy.metadata.deletionGracePeriodSeconds : undefined;
  if (copy.metadata?.deletionTimestamp && (grace === undefined || under === undefined || under <= grace)) {
    return { do: 'mirror', upper, lower: copy };
  }
  return { do: 'delete-lower', lower: copy, ...(grace === undefined ? {} : { gracePeriodSeconds: grace }) };
}

/** A finished pod does not run; the kubelet, too, stops a pod whose phase the API shows as finished. */
function decideFinished(upper: Pod, copy: Pod): Decision {
  if (isFinished(copy)) return { do: 'mirror', upper, lower: copy };
  return copy.metadata?.deletionTimestamp ? { do: 'nothing' } : { do: 'delete-lower', lower: copy };
}

function decideBlocked(upper: Pod, lower: Pod, ours: Pod | undefined, owner: Owner): Decision {
  const name = `pod ${lower.metadata?.namespace}/${lower.metadata?.name}`;
  if (ours) {
    const refusal = {
      reason: 'PreviousPodTerminating',
      message: `an earlier ${name} is still there in the lower cluster`,
    };
    return { do: 'wait', upper, refusal, ...(ours.metadata?.deletionTimestamp ? {} : { remove: ours }) };
  }
  const whose = isOfUpperCluster(lower, owner) ? 'another virtual node' : 'the lower cluster itself';
  return {
    do: 'wait',
    upper,
    refusal: {
      reason: 'NameCollision',
      message: `${name} exists in the lower cluster and belongs to ${whose}`,
    },
  };
}
