import type { LRUCache } from 'lru-cache';
import type { ControllerContext } from '../../clusters/controller.ts';
import type { EventRecorder } from '../../kube/event-recorder.ts';
import { keyOf, persistentVolumeClaims } from '../../kube/resources.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../kube/types.ts';
import { isFinished } from '../../translate/pod-status.ts';
import type { StorageProblem } from '../../translate/storage/claim-status.ts';
import type { ClassMap } from '../../translate/storage/class-map.ts';
import type { StorageCaches } from './storage-caches.ts';
import type { UpperStorage } from './upper-storage.ts';

/** All that the reconciles of claims and volumes read and write. */
export interface StorageSync extends StorageCaches {
  readonly context: ControllerContext;
  /** Writes events above. */
  readonly events: EventRecorder;
  readonly claims: UpperStorage['claims'];
  readonly classes: UpperStorage['classes'];
  /** The lower storage class for an upper one. */
  readonly classMap: ClassMap;
  /** Provisioners of upper classes that are ours beside our own. */
  readonly provisioners: ReadonlySet<string>;
  /** What last kept the claim of a key from being ready below, with the uid of that claim. */
  readonly problems: Map<string, StorageProblem & { readonly uid: string }>;
  /** Keys of the claims for which some pod waits. */
  readonly awaited: Set<string>;
  /** Volumes below as they were last read, by name: only those whose policy was looked at. */
  readonly lowerVolumes: LRUCache<string, PersistentVolume>;
  /** Edits that the lower API server refused, by uid of the lower claim: the same waits for a while. */
  readonly refusedEdits: LRUCache<string, string>;
  readonly now: () => Date;
}

/** Tells the user of a claim: an event, and a line in our log when it is news. */
export function tellClaim(
  { context, events }: StorageSync,
  claim: PersistentVolumeClaim,
  type: 'Normal' | 'Warning',
  { reason, message }: StorageProblem,
): void {
  if (events.record(persistentVolumeClaims, claim, { type, reason, message }))
    context.logger.info({ claim: keyOf(claim), reason, message }, 'told the claim');
}

/** Whether a virtual pod on this node that has not ended uses the claim. */
export function isUsedHere({ context }: StorageSync, key: string): boolean {
  for (const pod of context.upperPods.by('claim', key))
    if (!pod.metadata?.deletionTimestamp && !isFinished(pod)) return true;
  return false;
}
