import { hasCode } from '../../kube/errors.ts';
import { metaTime } from '../../kube/meta-time.ts';
import { pods, splitKey } from '../../kube/resources.ts';
import type { Pod } from '../../kube/types.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import { unreachableConditions } from '../../translate/pod-conditions.ts';
import { podDown } from '../../translate/pod-down.ts';
import { statusRejected, statusWaiting } from '../../translate/pod-status.ts';
import { type Refusal, refusalOf } from '../../translate/refusal.ts';
import { decide } from './pod-decision.ts';
import { letGo, prepare, withdraw } from './pod-dependencies.ts';
import { mirror, refusedTokenRetry } from './pod-mirror.ts';
import { deleteLower, deleteOrphan, failLost, removeUpper } from './pod-removal.ts';
import { type PodSync, patchUpper, recordRefusal, soonest } from './pod-sync.ts';
import { dropTokens, prepareTokens } from './pod-tokens.ts';
import { outOf } from './quota.ts';

/** A name that is taken below, or a dependency that is hidden, is looked at again after this, in milliseconds. */
const collisionRetry = 10_000;
/** So soon a new pod is looked at again while it may be one that had its time below, in milliseconds. */
const historyRetry = 100;
/** The reason of a pod that the lower API server does not take. */
const refusedBelow = 'LowerClusterRefused';

/**
 * Brings one pod a step nearer: both sides are read from the caches, one decision is made, its writes are done.
 *
 * @param key namespace/name
 * @throws KubeError when a call failed and the step must be tried again
 */
export async function reconcilePod(sync: PodSync, key: string): Promise<ReconcileResult> {
  if (!sync.isReachable()) return leave(sync, key);
  sync.lag.carry(key);
  const result = await step(sync, key);
  sync.lag.settled(key);
  return result;
}

/** What is below is not known now, but that nobody reaches it through us. */
async function leave(sync: PodSync, key: string): Promise<ReconcileResult> {
  const upper = sync.upperPods.get(key);
  // Nobody comes back to a name that is neither above nor below: what is kept for it would be kept for ever.
  if (!upper) letGo(sync, key);
  const conditions = upper?.status?.conditions;
  if (!upper?.status || !conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'))
    return undefined;
  const now = metaTime(sync.now());
  return patchUpper(sync, upper, { ...upper.status, conditions: unreachableConditions(conditions, now) });
}

async function step(sync: PodSync, key: string): Promise<ReconcileResult> {
  await dropTokens(sync, key);
  const upper = sync.upperPods.get(key);
  const lostUid = sync.lost.get(upper?.metadata?.uid ?? '');
  const decision = decide(upper, sync.lowerPods.get(key), sync.owner, lostUid);
  if (decision.do !== 'create') letGo(sync, key);
  switch (decision.do) {
    case 'nothing':
      return undefined;
    case 'create':
      return create(sync, key);
    case 'mirror':
      return mirror(sync, decision.upper, decision.lower);
    case 'delete-lower':
      return deleteLower(sync, decision.lower, decision.gracePeriodSeconds);
    case 'delete-orphan':
      return deleteOrphan(sync, decision.lower);
    case 'remove-upper':
      return removeUpper(sync, decision.upper);
    case 'fail':
      return failLost(sync, decision.upper, decision.lowerUid);
    case 'wait': {
      const removed = decision.remove && (await deleteOrphan(sync, decision.remove));
      return soonest(await wait(sync, decision.upper, decision.refusal), removed);
    }
  }
}

async function create(sync: PodSync, key: string): Promise<ReconcileResult> {
  const upper = sync.upperPods.get(key);
  if (!upper) return undefined;
  const refusal = refusalOf(upper, sync.down) ?? sync.refusalBeside(upper);
  if (refusal) return wait(sync, upper, refusal);
  if (!sync.isHistoryKnown()) return { requeueAfter: historyRetry };
  const lack = sync.quota.admit(key, upper);
  if (lack) return reject(sync, upper, outOf(lack));
  const pod = podDown(upper, sync.owner, sync.down);
  let lower: Pod;
  try {
    await sync.namespaces.ensure(splitKey(key).namespace);
    // What it needs is not brought down again and again for a pod that is still refused.
    if (isRefusedBelow(upper)) await sync.lower.create(pods, pod, { dryRun: true });
    const missing = await prepare(sync, upper);
    if (missing) {
      sync.quota.release(key);
      return await wait(sync, upper, missing);
    }
    const tokens = await prepareTokens(sync, upper);
    if ('refusal' in tokens) {
      sync.quota.release(key);
      return soonest(await wait(sync, upper, tokens.refusal), { requeueAfter: refusedTokenRetry });
    }
    lower = await sync.lower.create(pods, pod);
  } catch (error) {
    sync.quota.release(key);
    return afterFailedCreate(sync, upper, error);
  }
  // With it comes the next reconcile.
  sync.lowerPods.apply(lower);
  letGo(sync, key);
  return undefined;
}

function isRefusedBelow({ status }: Pod): boolean {
  return status?.containerStatuses?.some(({ state }) => state?.waiting?.reason === refusedBelow) ?? false;
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
    await wait(sync, upper, { reason: refusedBelow, message: error.message });
  }
  throw error;
}

/** A new namespace has no service account yet, an old one may be going: both pass within moments. */
function isNamespaceSettling(message: string): boolean {
  return /serviceaccount "default" not found|because it is being terminated/.test(message);
}

/** As a kubelet ends a pod that it has no room for, so that its owner makes another for another node. */
function reject(sync: PodSync, upper: Pod, refusal: Refusal): Promise<ReconcileResult> {
  recordRefusal(sync, upper, refusal);
  return patchUpper(sync, upper, statusRejected(upper, refusal));
}

async function wait(sync: PodSync, upper: Pod, refusal: Refusal): Promise<ReconcileResult> {
  sync.lag.refused(upper);
  await withdraw(sync, upper);
  recordRefusal(sync, upper, refusal);
  const again = await patchUpper(sync, upper, statusWaiting(upper, refusal));
  return again ?? (refusal.reason === 'NameCollision' ? { requeueAfter: collisionRetry } : undefined);
}
