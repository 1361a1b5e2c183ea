import { keyOf } from '../../kube/resources.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../kube/types.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import { claimRefusal } from '../../translate/storage/claim-down.ts';
import { notedLowerClaim } from '../../translate/storage/claim-note.ts';
import { classNameOf, isProvisionedByUs, selectedNodeOf } from '../../translate/storage/claim-place.ts';
import type { StorageProblem } from '../../translate/storage/claim-status.ts';
import { isVolumeOf } from '../../translate/storage/volume-up.ts';
import { claimBelow } from './claim-below.ts';
import { removeEmptyClaim } from './empty-claims.ts';
import { readLowerVolume, volumeLost } from './lower-volume.ts';
import { provision } from './provision.ts';
import { refusedSizeRetry, resizeBelow } from './resize.ts';
import { claimStatusUp, volumeStatusUp } from './status-up.ts';
import { isUsedHere, type StorageSync, tellClaim } from './storage-sync.ts';

/**
 * Brings one upper claim a step nearer: its volume above, its claim below, its size down, its status up.
 *
 * @param key namespace/name
 * @throws KubeError when a call failed and the step must be tried again
 */
export async function reconcileClaim(storage: StorageSync, key: string): Promise<ReconcileResult> {
  const upper = storage.claims.get(key);
  await removeEmptyClaim(storage, key, upper);
  if (!upper) {
    storage.problems.delete(key);
    return undefined;
  }
  const volume = volumeOf(storage, upper);
  if (volume) return follow(storage, upper, volume);
  if (upper.spec?.volumeName || upper.metadata?.deletionTimestamp) return undefined;
  if (!storage.context.reachability().reachable) return undefined;
  const storageClass = storage.classes.get(classNameOf(upper) ?? '');
  const { virtualNode } = storage.context.owner;
  const selected = selectedNodeOf(upper);
  if (isProvisionedByUs(storageClass, storage.provisioners)) {
    const isHere = selected === undefined ? isUsedHere(storage, key) : selected === virtualNode;
    return isHere ? provision(storage, upper, storageClass) : undefined;
  }
  // Nobody makes volumes of its class above: one that is bound below comes up as it is.
  const isHere = (selected ?? virtualNode) === virtualNode && isUsedHere(storage, key);
  return isHere ? followUnbound(storage, upper) : undefined;
}

/** The volume above that the claim is bound to, if it is on this virtual node. */
export function volumeOf(
  { volumes, context }: StorageSync,
  { spec, metadata }: PersistentVolumeClaim,
): PersistentVolume | undefined {
  const volume = spec?.volumeName ? volumes.get(spec.volumeName) : undefined;
  const isIts = volume?.spec?.claimRef?.uid === metadata?.uid;
  return volume && isIts && isVolumeOf(volume, context.owner) ? volume : undefined;
}

async function follow(
  storage: StorageSync,
  upper: PersistentVolumeClaim,
  volume: PersistentVolume,
): Promise<ReconcileResult> {
  const reachability = storage.context.reachability();
  if (!reachability.reachable) {
    const { reason, message } = reachability;
    await claimStatusUp(storage, upper, undefined, { reason, message });
    return undefined;
  }
  // One that is going needs nothing new below.
  if (upper.metadata?.deletionTimestamp && notedLowerClaim(upper) === undefined) return undefined;
  const below = await claimBelow(storage, upper, volume);
  if ('problem' in below) return block(storage, upper, below.problem, below.again);
  storage.problems.delete(keyOf(upper));
  const { lower } = below;
  const isRefused = await resizeBelow(storage, upper, lower);
  const wait = untilOverdue(storage, lower);
  const problem =
    (await volumeStatusUp(storage, volume, lower)) ??
    leaving(lower) ??
    (wait !== undefined && wait <= 0 ? unbound(lower) : undefined) ??
    (isRefused ? tooLarge : undefined);
  if (problem && problem !== tooLarge) tellClaim(storage, upper, 'Warning', problem);
  await claimStatusUp(storage, storage.claims.get(keyOf(upper)) ?? upper, lower, problem);
  if (wait !== undefined && wait > 0) return { requeueAfter: wait };
  return isRefused ? { requeueAfter: refusedSizeRetry } : undefined;
}

/** A claim below with a pod is bound within moments, or after its provisioner has made a volume; in milliseconds. */
const bindPatience = 20_000;

/** Milliseconds until a claim that a pod waits for should be bound below; undefined when none waits. */
function untilOverdue(storage: StorageSync, lower: PersistentVolumeClaim): number | undefined {
  if (lower.status?.phase === 'Bound' || !isUsedHere(storage, keyOf(lower))) return undefined;
  const since = Date.parse(lower.metadata?.creationTimestamp ?? '');
  return since + bindPatience - storage.now().getTime();
}

function unbound({ metadata, spec }: PersistentVolumeClaim): StorageProblem {
  const message =
    `the claim waits in the lower cluster for a volume of class "${spec?.storageClassName ?? ''}"; ` +
    `the events of its pod and of the claim ${metadata?.namespace}/${metadata?.name} there say why`;
  return { reason: 'LowerClaimPending', message };
}

const tooLarge: StorageProblem = {
  reason: 'VolumeResizeFailed',
  message: 'the lower cluster refuses the new size; the volume goes on with the old one',
};

function leaving({ metadata }: PersistentVolumeClaim): StorageProblem | undefined {
  if (!metadata?.deletionTimestamp) return undefined;
  const message = `claim ${metadata.namespace}/${metadata.name} is being deleted in the lower cluster, with its data`;
  return { reason: 'LowerClaimTerminating', message };
}

/** tensile-kube's way: the claim goes down with its pod, and the volume comes up once it is bound there. */
async function followUnbound(storage: StorageSync, upper: PersistentVolumeClaim): Promise<ReconcileResult> {
  const refusal = claimRefusal(upper);
  if (refusal) return block(storage, upper, { reason: 'VolumeNotSupported', message: refusal });
  const below = await claimBelow(storage, upper);
  if ('problem' in below) return block(storage, upper, below.problem, below.again);
  storage.problems.delete(keyOf(upper));
  const name = below.lower.spec?.volumeName;
  if (below.lower.status?.phase !== 'Bound' || !name) return undefined;
  const volume = await readLowerVolume(storage, name);
  if (!volume) return block(storage, upper, volumeLost(name), 30_000);
  return provision(storage, upper, undefined, volume);
}

/** Keeps the pods of a claim above, and says why, on the claim and (by them) on its pods. */
async function block(
  storage: StorageSync,
  upper: PersistentVolumeClaim,
  problem: StorageProblem,
  again?: number,
): Promise<ReconcileResult> {
  const key = keyOf(upper);
  storage.problems.set(key, { ...problem, uid: upper.metadata?.uid ?? '' });
  tellClaim(storage, upper, 'Warning', problem);
  await claimStatusUp(storage, upper, undefined, problem);
  return again === undefined ? undefined : { requeueAfter: again };
}
