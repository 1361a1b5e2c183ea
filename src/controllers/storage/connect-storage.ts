import { keyOf } from '../../kube/resources.ts';
import type { PersistentVolume } from '../../kube/types.ts';
import type { WorkQueue } from '../../kube/work-queue.ts';
import { isOurs, upperUidOf } from '../../translate/marks.ts';
import { classNameOf, selectedNodeOf } from '../../translate/storage/claim-place.ts';
import { claimKeysOf } from '../../translate/storage/claim-uses.ts';
import type { StorageSync } from './storage-sync.ts';

interface StorageQueues {
  readonly claims: Pick<WorkQueue, 'add'>;
  readonly volumes: Pick<WorkQueue, 'add'>;
}

/** Puts every key on its queue: at the start, and when the lower cluster is lost or back. */
export function addAllStorage(storage: StorageSync, queues: StorageQueues): void {
  const { context, claims, volumes, lowerClaims } = storage;
  for (const key of claims.keysBy('node', context.owner.virtualNode)) queues.claims.add(key);
  for (const volume of volumes.values()) addVolume(volume, queues);
  for (const [key, claim] of lowerClaims.entries()) if (isOurs(claim, context.owner)) queues.claims.add(key);
  for (const [, pod] of context.upperPods.entries())
    for (const key of claimKeysOf(pod)) queues.claims.add(key);
}

/**
 * Which change puts which key on which queue. Each costs only what changed, but for the rare change of
 * a class.
 *
 * @returns what lets go of the caches that others use too
 */
export function connectStorage(storage: StorageSync, queues: StorageQueues): () => void {
  const { context, claims, volumes, lowerClaims } = storage;
  const { virtualNode } = context.owner;
  const letGoOfClaims = claims.subscribe(({ key, object }) => {
    const isHere =
      selectedNodeOf(object) === virtualNode ||
      (object.spec?.volumeName !== undefined && volumes.get(object.spec.volumeName) !== undefined) ||
      context.upperPods.keysBy('claim', key).size > 0 ||
      lowerClaims.get(key) !== undefined;
    if (isHere) queues.claims.add(key);
  });
  volumes.subscribe(({ object }) => addVolume(object, queues));
  lowerClaims.subscribe(({ key, object }) => {
    if (!isOurs(object, context.owner)) return;
    queues.claims.add(key);
    for (const name of volumes.keysBy('claim', upperUidOf(object) ?? '')) queues.volumes.add(name);
  });
  const letGoOfPods = context.upperPods.subscribe(({ type, object }) => {
    if (type === 'added') for (const key of claimKeysOf(object)) queues.claims.add(key);
  });
  // Without its class a claim looked like somebody else's.
  const letGoOfClasses = storage.classes.subscribe(({ type, key }) => {
    if (type === 'deleted') return;
    const waits = (claim: string) => {
      const object = claims.get(claim);
      return object && !object.spec?.volumeName && classNameOf(object) === key;
    };
    const used = [...context.upperPods.entries()].flatMap(([, pod]) => claimKeysOf(pod));
    for (const claim of new Set([...claims.keysBy('node', virtualNode), ...used]))
      if (waits(claim)) queues.claims.add(claim);
  });
  return () => {
    letGoOfClaims();
    letGoOfClasses();
    letGoOfPods();
  };
}

function addVolume(volume: PersistentVolume, queues: StorageQueues): void {
  queues.volumes.add(keyOf(volume));
  const { namespace, name } = volume.spec?.claimRef ?? {};
  if (namespace && name) queues.claims.add(`${namespace}/${name}`);
}
