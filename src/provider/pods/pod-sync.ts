import type { LRUCache } from 'lru-cache';
import type { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { hasCode } from '../../kube/errors.ts';
import type { EventRecorder } from '../../kube/event-recorder.ts';
import { findObject } from '../../kube/find-object.ts';
import type { Logger } from '../../kube/logger.ts';
import { keyOf, pods } from '../../kube/resources.ts';
import type { Pod, PodStatus, Secret } from '../../kube/types.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import { isOurs, type Owner, upperUidOf } from '../../translate/marks.ts';
import { mergePatch } from '../../translate/merge-patch.ts';
import { lowerPodAnnotation } from '../../translate/names.ts';
import type { PodDownOptions } from '../../translate/pod-down.ts';
import type { Refusal, RefusalOptions } from '../../translate/refusal.ts';
import type { Dependencies } from '../dependencies/dependencies.ts';
import type { LowerNamespaces } from './namespaces.ts';
import type { Quota } from './quota.ts';
import type { SyncLag } from './sync-lag.ts';

/** All that a pod's reconcile reads and writes. */
export interface PodSync {
  readonly upper: Client;
  readonly lower: Client;
  readonly owner: Owner;
  readonly upperPods: Pick<Cache<Pod>, 'get' | 'apply' | 'remove'>;
  readonly lowerPods: Pick<Cache<Pod>, 'get' | 'apply' | 'lastSeen'>;
  /** Our Secrets below; the index `pod` finds those with a pod's tokens. */
  readonly lowerSecrets: Cache<Secret, 'pod'>;
  readonly dependencies: Dependencies;
  /** Has a dependency looked at soon. */
  readonly addDependency: (key: string) => void;
  readonly namespaces: LowerNamespaces;
  readonly quota: Quota;
  readonly events: EventRecorder;
  readonly lag: SyncLag;
  /** The uids of lower pods that went, by that of their upper pod: one may go before it could be noted above. */
  readonly lost: LRUCache<string, string>;
  /** Whether all is known of lower pods that went while no provider looked. */
  readonly isHistoryKnown: () => boolean;
  /** Upper pods as the answers to our writes of mirrored statuses showed them: that is no news. */
  readonly mirrored: WeakSet<Pod>;
  /** Edits that the lower API server refused, by `uid/subresource` of the lower pod: the same waits for a while. */
  readonly refusedEdits: LRUCache<string, string>;
  readonly down: PodDownOptions & RefusalOptions;
  /** What else keeps a pod from going down: its volumes, say. */
  readonly refusalBeside: (pod: Pod) => Refusal | undefined;
  readonly logger: Logger;
  /** Whether what the caches show of the lower cluster is fresh enough to act upon. */
  readonly isReachable: () => boolean;
  /** Asks the lower cluster now whether it answers and is still the one we know. */
  readonly confirmReachable: () => Promise<boolean>;
  readonly now: () => Date;
}

/**
 * Writes what differs from the upper pod, under its uid and resource version, so that nobody's condition is
 * overwritten unseen. After a conflict the watch brings the newer pod and with it the next reconcile.
 *
 * @param mirrored set where the status is the lower pod's: after it there is nothing more to do for now. Its `note` is the
 *   value of the annotation by which a restart knows that the lower pod was made
 */
export async function patchUpper(
  sync: PodSync,
  upper: Pod,
  status: PodStatus,
  mirrored?: { note: string | undefined },
): Promise<ReconcileResult> {
  const { namespace, name = '', uid, resourceVersion, annotations } = upper.metadata ?? {};
  const change = mergePatch(upper.status, status);
  const note = mirrored?.note;
  const isNoted = note === undefined || annotations?.[lowerPodAnnotation] === note;
  if (!change && isNoted) return undefined;
  const patch = {
    metadata: { uid, resourceVersion, ...(isNoted ? {} : { annotations: { [lowerPodAnnotation]: note } }) },
    ...(change ? { status: change } : {}),
  };
  try {
    const written = await sync.upper.patch(pods, { namespace, name, subresource: 'status' }, patch);
    if (mirrored) sync.mirrored.add(written);
    sync.upperPods.apply(written);
    sync.lag.written(keyOf(upper));
    return undefined;
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined;
    if (!hasCode(error, 'Conflict')) throw error;
    sync.lag.conflicted(keyOf(upper));
    return { requeueAfter: 1_000 };
  }
}

/** Tells the user of a pod what it does not get: an event, and a line in our log. */
export function recordRefusal(
  sync: PodSync,
  upper: Pod,
  { reason, message, eventReason = reason }: Refusal,
): void {
  const isNews = sync.events.record(pods, upper, { type: 'Warning', reason: eventReason, message });
  if (!isNews) return;
  sync.logger.info({ pod: keyOf(upper), reason: eventReason, message }, 'told the pod');
}

/** The pod of the same name in a cluster, asked now; undefined when there is none. @throws KubeError */
export function findPod(cluster: Client, { metadata }: Pod): Promise<Pod | undefined> {
  return findObject(cluster, pods, { namespace: metadata?.namespace, name: metadata?.name ?? '' });
}

/** Keeps in mind that a lower pod went, if it stood for an upper pod of ours. */
export function rememberLost({ lost, owner }: Pick<PodSync, 'lost' | 'owner'>, lower: Pod): void {
  const upperUid = isOurs(lower, owner) ? upperUidOf(lower) : undefined;
  if (upperUid !== undefined) lost.set(upperUid, lower.metadata?.uid ?? '');
}

/** The sooner of two results. */
export function soonest(...results: ReconcileResult[]): ReconcileResult {
  const delays = results.flatMap((result) => result?.requeueAfter ?? []);
  return delays.length > 0 ? { requeueAfter: Math.min(...delays) } : undefined;
}
