import { hasCode } from '../../kube/errors.ts';
import { keyOf, pods } from '../../kube/resources.ts';
import type { Pod } from '../../kube/types.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import { deletedBelow, untilOverdue } from '../../translate/deleted-below.ts';
import { changesOf, type LowerPatch } from '../../translate/pod-changes.ts';
import { isFinished, lowerPodNote, statusUp } from '../../translate/pod-status.ts';
import { debugRefusal, type Refusal } from '../../translate/refusal.ts';
import { mountsTokens } from '../../translate/service-account.ts';
import { letGo, prepare } from './pod-dependencies.ts';
import { failStuck } from './pod-removal.ts';
import { type PodSync, patchUpper, recordRefusal, soonest } from './pod-sync.ts';
import { prepareTokens } from './pod-tokens.ts';
import { outOf } from './quota.ts';

/** An edit that the lower API server refused is tried again after this, in milliseconds. */
export const refusedEditRetry = 30_000;
/** A token that the upper API server refused is asked for again after this, in milliseconds. */
export const refusedTokenRetry = 60_000;

/** Carries edits of a pod down, keeps its tokens fresh, and brings its status up. */
export async function mirror(sync: PodSync, upper: Pod, lower: Pod): Promise<ReconcileResult> {
  const overdue = untilOverdue(upper, lower, sync.now().getTime());
  if (overdue !== undefined && overdue <= 0) return failStuck(sync, upper, lower);
  const isLeaving = upper.metadata?.deletionTimestamp !== undefined || isFinished(lower);
  const edited = isLeaving ? { lower } : await carryChanges(sync, upper, lower);
  // As a kubelet keeps the phase in which a pod ended, whatever its containers do (generateAPIPodStatus).
  if (isFinished(upper) && edited.lower.status?.phase !== upper.status?.phase) return undefined;
  const written = await bringUp(sync, upper, edited.lower);
  const renewal = isLeaving ? undefined : await keepTokens(sync, upper, lower);
  const look = overdue === undefined ? undefined : { requeueAfter: overdue };
  return soonest(edited.retry, renewal, written, look);
}

async function keepTokens(sync: PodSync, upper: Pod, lower: Pod): Promise<ReconcileResult> {
  if (!mountsTokens(lower, upper.metadata?.uid ?? '')) return undefined;
  const tokens = await prepareTokens(sync, upper);
  if ('renewal' in tokens) return tokens.renewal;
  recordRefusal(sync, upper, tokens.refusal);
  return { requeueAfter: refusedTokenRetry };
}

function bringUp(sync: PodSync, upper: Pod, lower: Pod): Promise<ReconcileResult> {
  const status = statusUp(upper, lower);
  const refusal = deletedBelow(upper, lower);
  if (refusal) recordRefusal(sync, upper, refusal);
  const explained = refusal ? { ...status, reason: refusal.reason, message: refusal.message } : status;
  // One that has no node yet has run nothing: to make it anew would do no harm, and the note comes with the next news.
  const note = lower.spec?.nodeName ? lowerPodNote(upper, lower) : undefined;
  return patchUpper(sync, upper, explained, { note });
}

/**
 * Sends edits down. A refused edit is said, tried again later, and keeps neither the other edits nor the status from
 * travelling.
 */
async function carryChanges(
  sync: PodSync,
  upper: Pod,
  lower: Pod,
): Promise<{ lower: Pod; retry?: ReconcileResult }> {
  let current = lower;
  let retry: ReconcileResult;
  const refusal = debugRefusal(upper, sync.down.refused);
  if (refusal) recordRefusal(sync, upper, refusal);
  for (const change of changesOf(upper, lower, sync.owner, sync.down)) {
    const edit = `${lower.metadata?.uid}/${change.subresource ?? ''}`;
    const text = JSON.stringify(change);
    // The last of them vouches for those before it.
    if (retry && change.subresource === undefined) continue;
    if (sync.refusedEdits.get(edit) === text) {
      retry = { requeueAfter: refusedEditRetry };
      continue;
    }
    const lack = change.subresource === 'resize' ? sync.quota.admit(keyOf(upper), upper) : undefined;
    const refused = lack ? outOf(lack) : await trySend();
    if (!refused) continue;
    sync.refusedEdits.set(edit, text);
    recordRefusal(sync, upper, refused);
    retry = { requeueAfter: refusedEditRetry };

    async function trySend(): Promise<Refusal | undefined> {
      try {
        current = await send(sync, upper, current, change);
        return undefined;
      } catch (error) {
        if (!hasCode(error, 'Forbidden', 'Invalid', 'BadRequest')) throw error;
        if (change.subresource === 'resize') sync.quota.correct(keyOf(upper), current);
        return { reason: 'LowerClusterRefused', message: error.message };
      }
    }
  }
  return { lower: current, retry };
}

async function send(sync: PodSync, upper: Pod, lower: Pod, { subresource, patch }: LowerPatch): Promise<Pod> {
  const { namespace = '', name = '', uid } = lower.metadata ?? {};
  const bringsContainers = subresource === 'ephemeralcontainers';
  if (bringsContainers) await prepare(sync, upper);
  const guarded = { ...patch, metadata: { ...patch.metadata, ...(uid ? { uid } : {}) } };
  const where = { namespace, name, ...(subresource ? { subresource } : {}) };
  const changed = await sync.lower.patch(pods, where, guarded, { type: 'strategic-merge' });
  sync.lowerPods.apply(changed);
  // Of these containers none waits for what another lacks: what is there of all they need is there below.
  if (bringsContainers) letGo(sync, keyOf(upper));
  return changed;
}
