import type { PersistentVolumeClaim } from '../../kube/types.ts';
import { mergePatch } from '../merge-patch.ts';
import { lowerStorageCondition } from './storage-names.ts';

type ClaimStatus = NonNullable<PersistentVolumeClaim['status']>;
type ClaimCondition = NonNullable<ClaimStatus['conditions']>[number];

/** What is wrong with the storage of a claim: a reason in one word, and a sentence with what to do. */
export interface StorageProblem {
  readonly reason: string;
  readonly message: string;
}

const healthy: StorageProblem = { reason: 'LowerStorageReady', message: 'nothing is wrong any more' };

/**
 * The patch that makes the status of an upper claim say what the lower one says: real size, progress of a resize, and
 * a condition for what is wrong. Phase and access modes are the upper cluster's own. Undefined when nothing differs.
 *
 * @param lower undefined when it is not known now: what was known of it stays
 * @param now RFC 3339
 */
export function claimStatusPatch(
  upper: PersistentVolumeClaim,
  lower: PersistentVolumeClaim | undefined,
  problem: StorageProblem | undefined,
  now: string,
): object | undefined {
  const before = upper.status ?? {};
  const shown = upper.status?.phase === 'Bound' ? lower : undefined;
  const reported = shown?.status ? fromBelow(shown.status) : {};
  const others = shown
    ? (shown.status?.conditions ?? [])
    : (before.conditions?.filter(({ type }) => type !== lowerStorageCondition) ?? []);
  const own = ownCondition(before.conditions, problem, now);
  const conditions = [...others, ...(own ? [own] : [])];
  const after = { ...before, ...reported, ...(conditions.length > 0 ? { conditions } : { conditions: [] }) };
  return mergePatch({ ...before, conditions: before.conditions ?? [] }, after);
}

/** Null takes a field away that the lower claim does not have any more. */
function fromBelow(status: ClaimStatus): object {
  return {
    ...(status.capacity ? { capacity: status.capacity } : {}),
    allocatedResources: status.allocatedResources,
    allocatedResourceStatuses: status.allocatedResourceStatuses,
    currentVolumeAttributesClassName: status.currentVolumeAttributesClassName,
    modifyVolumeStatus: status.modifyVolumeStatus,
  };
}

/** A claim with which nothing ever was wrong has no such condition. */
function ownCondition(
  conditions: readonly ClaimCondition[] | undefined,
  problem: StorageProblem | undefined,
  now: string,
): ClaimCondition | undefined {
  const before = conditions?.find(({ type }) => type === lowerStorageCondition);
  if (!problem && !before) return undefined;
  const status = problem ? 'False' : 'True';
  const { reason, message } = problem ?? healthy;
  if (before?.status === status && before.reason === reason && before.message === message) return before;
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now;
  return {
    type: lowerStorageCondition,
    status,
    reason,
    message,
    ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
  };
}
