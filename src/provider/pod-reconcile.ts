import type { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { hasCode } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Logger } from '../kube/logger.ts';
import { keyOf, pods, splitKey } from '../kube/resources.ts';
import type { Pod, PodStatus } from '../kube/types.ts';
import type { ReconcileResult } from '../kube/work-queue.ts';
import { type Owner, upperUidOf } from '../translate/marks.ts';
import { mergePatch } from '../translate/merge-patch.ts';
import { lowerPodAnnotation } from '../translate/names.ts';
import { changesOf } from '../translate/pod-changes.ts';
import { type PodDownOptions, podDown } from '../translate/pod-down.ts';
import { isFinished, lowerPodNote, statusLost, statusUp, statusWaiting } from '../translate/pod-status.ts';
import { type Refusal, refusalOf } from '../translate/refusal.ts';
import type { Dependencies } from './dependencies.ts';
import type { LowerNamespaces } from './namespaces.ts';
import { decide } from './pod-decision.ts';

/** All that a pod's reconcile reads and writes. */
export interface PodSync {
  readonly upper: Client;
  readonly lower: Client;
  readonly owner: Owner;
  readonly upperPods: Pick<Cache<Pod>, 'get' | 'apply'>;
  readonly lowerPods: Pick<Cache<Pod>, 'get' | 'apply' | 'lastSeen'>;
  readonly dependencies: Dependencies;
  readonly namespaces: LowerNamespaces;
  readonly events: EventRecorder;
  readonly down: PodDownOptions;
  readonly logger: Logger;
  /** Whether what the caches show of the lower cluster is fresh enough to act upon. */
  readonly isReachable: () => boolean;
  /** Asks the lower cluster now whether it answers and is still the one we know. */
  readonly confirmReachable: () => Promise<boolean>;
  readonly now: () => Date;
}

/** A name that is taken below, or a dependency that is hidden, is looked at again after this, in milliseconds. */
const collisionRetry = 10_000;

/**
 * Brings one pod a step nearer: both sides are read from the caches, one decision is made, its writes are done.
 *
 * @param key namespace/name
 * @throws KubeError when a call failed and the step must be tried again
 */
export async function reconcilePod(sync: PodSync, key: string): Promise<ReconcileResult> {
  if (!sync.isReachable()) return undefined;
  const decision = decide(sync.upperPods.get(key), sync.lowerPods.get(key), sync.owner);
  switch (decision.do) {
    case 'nothing':
      return undefined;
    case 'create':
      return create(sync, key);
    case 'mirror':
      return mirror(sync, decision.upper, decision.lower);
    case 'delete-lower':
      await deleteLower(sync, decision.lower, decision.gracePeriodSeconds);
      return undefined;
    case 'delete-orphan':
      return deleteOrphan(sync, decision.lower);
    case 'remove-upper':
      return removeUpper(sync, decision.upper);
    case 'fail':
      return fail(sync, decision.upper, decision.lowerUid);
    case 'wait':
      if (decision.remove) await deleteLower(sync, decision.remove, undefined);
      return wait(sync, decision.upper, decision.refusal);
  }
}

async function create(sync: PodSync, key: string): Promise<ReconcileResult> {
  const upper = sync.upperPods.get(key);
  if (!upper) return undefined;
  const refusal = refusalOf(upper) ?? (await prepare(sync, upper));
  if (refusal) return wait(sync, upper, refusal);
  await sync.namespaces.ensure(splitKey(key).namespace);
  let lower: Pod;
  try {
    lower = await sync.lower.create(pods, podDown(upper, sync.owner, sync.down));
  } catch (error) {
    return afterFailedCreate(sync, upper, error);
  }
  sync.lowerPods.apply(lower);
  return mirror(sync, upper, lower);
}

/** Brings ConfigMaps and Secrets down; says what is missing, and returns the first that the pod must wait for. */
async function prepare(sync: PodSync, upper: Pod): Promise<Refusal | undefined> {
  const findings = await sync.dependencies.prepare(upper);
  for (const finding of findings) if (!finding.isBlocking) recordRefusal(sync, upper, finding);
  return findings.find((finding) => finding.isBlocking);
}

async function afterFailedCreate(sync: PodSync, upper: Pod, error: unknown): Promise<ReconcileResult> {
  const { namespace = '', name = '' } = upper.metadata ?? {};
  if (hasCode(error, 'AlreadyExists')) {
    // The cache lags, or somebody was faster: with the pod in the cache the next decision knows whose it is.
    sync.lowerPods.apply(await sync.lower.get(pods, { namespace, name }));
    return { requeueAfter: 0 };
  }
  if (hasCode(error, 'NotFound')) sync.namespaces.forget(namespace);
  if (hasCode(error, 'Forbidden', 'Invalid', 'BadRequest') && !isNamespaceSettling(error.message)) {
    await wait(sync, upper, { reason: 'LowerClusterRefused', message: error.message });
  }
  throw error;
}

/** A new namespace has no service account yet, an old one may be going: both pass within moments. */
function isNamespaceSettling(message: string): boolean {
  return /serviceaccount "default" not found|because it is being terminated/.test(message);
}

async function mirror(sync: PodSync, upper: Pod, lower: Pod): Promise<ReconcileResult> {
  const current = await carryChanges(sync, upper, lower);
  if (isFinished(upper) && !isFinished(current)) return undefined;
  const refusal = deletedBelow(upper, current);
  if (refusal) recordRefusal(sync, upper, refusal);
  const { reason, message } = refusal ?? {};
  const status = { ...statusUp(upper, current), ...(refusal ? { reason, message } : {}) } as PodStatus;
  return patchUpper(sync, upper, status, lowerPodNote(upper, current));
}

const lowerPodDeleted: Refusal = {
  reason: 'LowerPodDeleted',
  message: 'somebody deleted the pod in the lower cluster',
};

/** What made a pod fail that somebody deletes below: its kubelet gives no reason, since there everybody knows. */
function deletedBelow(upper: Pod, lower: Pod): Refusal | undefined {
  if (!lower.metadata?.deletionTimestamp || upper.metadata?.deletionTimestamp) return undefined;
  if (lower.status?.phase !== 'Failed' || lower.status.reason !== undefined) return undefined;
  // A pod that had failed by itself before it was cleared away keeps to that.
  if (isFinished(upper) && upper.status?.reason !== lowerPodDeleted.reason) return undefined;
  return lowerPodDeleted;
}

/** Sends edits down. A refused edit is said once and does not keep the status from coming up. */
async function carryChanges(sync: PodSync, upper: Pod, lower: Pod): Promise<Pod> {
  if (upper.metadata?.deletionTimestamp) return lower;
  const changes = changesOf(upper, lower, sync.owner, sync.down);
  if (!changes) return lower;
  const { namespace, name = '' } = lower.metadata ?? {};
  try {
    const changed = await sync.lower.patch(pods, { namespace, name }, changes, { type: 'strategic-merge' });
    sync.lowerPods.apply(changed);
    return changed;
  } catch (error) {
    if (!hasCode(error, 'Forbidden', 'Invalid')) throw error;
    recordRefusal(sync, upper, { reason: 'LowerClusterRefused', message: error.message });
    return lower;
  }
}

/**
 * Writes what differs from the upper pod, under its uid and resource version, so that nobody's condition is
 * overwritten unseen. After a conflict the watch brings the newer pod and with it the next reconcile.
 */
async function patchUpper(
  sync: PodSync,
  upper: Pod,
  status: PodStatus,
  note?: string,
): Promise<ReconcileResult> {
  const { namespace, name = '', uid, resourceVersion, annotations } = upper.metadata ?? {};
  const change = mergePatch(upper.status, status);
  const isNoted = note === undefined || annotations?.[lowerPodAnnotation] === note;
  if (!change && isNoted) return undefined;
  const patch = {
    metadata: { uid, resourceVersion, ...(isNoted ? {} : { annotations: { [lowerPodAnnotation]: note } }) },
    ...(change ? { status: change } : {}),
  };
  try {
    sync.upperPods.apply(await sync.upper.patch(pods, { namespace, name, subresource: 'status' }, patch));
    return undefined;
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined;
    if (hasCode(error, 'Conflict')) return { requeueAfter: 1_000 };
    throw error;
  }
}

async function deleteLower(sync: PodSync, lower: Pod, gracePeriodSeconds: number | undefined): Promise<void> {
  const { namespace, name = '', uid = '' } = lower.metadata ?? {};
  try {
    const left = await sync.lower.delete(pods, { namespace, name }, { uid, gracePeriodSeconds });
    if (left.metadata?.uid === uid) sync.lowerPods.apply(left);
  } catch (error) {
    if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
  }
}

/** The upper cache may lag or be filtered: only the upper API server's own word lets a lower pod be deleted. */
async function deleteOrphan(sync: PodSync, lower: Pod): Promise<ReconcileResult> {
  if (lower.metadata?.deletionTimestamp) return undefined;
  const above = await find(sync.upper, lower);
  if (above?.metadata?.uid !== upperUidOf(lower)) await deleteLower(sync, lower, undefined);
  return undefined;
}

/** The pod of the same name in a cluster, asked now; undefined when there is none. */
async function find(cluster: Client, { metadata }: Pod): Promise<Pod | undefined> {
  try {
    return await cluster.get(pods, { namespace: metadata?.namespace, name: metadata?.name ?? '' });
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  }
}

async function removeUpper(sync: PodSync, upper: Pod): Promise<ReconcileResult> {
  const { namespace, name = '', uid = '' } = upper.metadata ?? {};
  try {
    await sync.upper.delete(pods, { namespace, name }, { uid, gracePeriodSeconds: 0 });
  } catch (error) {
    if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
  }
  return undefined;
}

/** Failed is for good, so it takes the lower API server's own word, and that it still is the same cluster. */
async function fail(sync: PodSync, upper: Pod, lowerUid: string): Promise<ReconcileResult> {
  if (!(await sync.confirmReachable())) return undefined;
  const below = await find(sync.lower, upper);
  if (below?.metadata?.uid === lowerUid) {
    sync.lowerPods.apply(below);
    return { requeueAfter: 1_000 };
  }
  const refusal = {
    reason: 'LowerPodLost',
    message: 'the pod vanished from the lower cluster without being asked to',
  };
  const now = sync
    .now()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z');
  const status = statusLost(upper, sync.lowerPods.lastSeen(lowerUid), refusal, now);
  if (status.phase === 'Failed') recordRefusal(sync, upper, refusal);
  return patchUpper(sync, upper, status);
}

async function wait(sync: PodSync, upper: Pod, refusal: Refusal): Promise<ReconcileResult> {
  recordRefusal(sync, upper, refusal);
  const again = await patchUpper(sync, upper, statusWaiting(upper, refusal));
  return again ?? (refusal.reason === 'NameCollision' ? { requeueAfter: collisionRetry } : undefined);
}

function recordRefusal(sync: PodSync, upper: Pod, { reason, message, eventReason = reason }: Refusal): void {
  sync.events.record(pods, upper, { type: 'Warning', reason: eventReason, message });
  sync.logger.info({ pod: keyOf(upper), reason: eventReason, message }, 'told the pod');
}
