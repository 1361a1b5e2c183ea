import { parseQuantity } from '../kube/quantity.ts';
import type { PersistentVolume } from '../kube/types.ts';
import { type LabelSelector, readSelector } from './label-selector.ts';
import { type SlotTest, termsTest } from './node-selector.ts';
import type { NodeTable } from './node-table.ts';
import type { OpenClaim } from './pod-volumes.ts';
import type { Storage } from './storage.ts';

/** A volume that a claim could be bound to, and on which nodes. */
interface Match {
  readonly volume: PersistentVolume;
  readonly reaches: SlotTest;
}

/** What a claim could be bound to: the volume that was set aside for it, or the smallest of those that are free. */
export interface Matches {
  readonly reserved: Match | undefined;
  /** The smaller ones first. */
  readonly free: readonly Match[];
}

/** The volumes that a claim could be bound to (component-helpers/storage/volume, FindMatchingVolume). */
export function matchesOf(
  nodes: NodeTable,
  storage: Storage,
  { claim, namespace, className }: OpenClaim,
): Matches {
  const spec = claim.spec;
  const size = storageOf(spec?.resources?.requests);
  const selector = spec?.selector ? readSelector(spec.selector as LabelSelector) : undefined;
  const match = (volume: PersistentVolume): Match => ({ volume, reaches: nodesOf(nodes, volume) });
  const free: PersistentVolume[] = [];
  for (const volume of storage.openVolumes(className)) {
    const { claimRef, accessModes = [], volumeMode, volumeAttributesClassName } = volume.spec ?? {};
    if (volume.metadata?.deletionTimestamp || storageOf(volume.spec?.capacity) < size) continue;
    if ((volumeMode ?? 'Filesystem') !== (spec?.volumeMode ?? 'Filesystem')) continue;
    if ((volumeAttributesClassName ?? '') !== (spec?.volumeAttributesClassName ?? '')) continue;
    if (claimRef) {
      const isOurs = claimRef.name === claim.metadata?.name && claimRef.namespace === namespace;
      if (isOurs && (!claimRef.uid || claimRef.uid === claim.metadata?.uid)) {
        return { reserved: match(volume), free: [] };
      }
      continue;
    }
    if (volume.status?.phase !== 'Available') continue;
    if (selector && !selector.matches(volume.metadata?.labels ?? {})) continue;
    if (spec?.accessModes?.every((mode) => accessModes.includes(mode)) ?? true) free.push(volume);
  }
  const bySize = (a: PersistentVolume, b: PersistentVolume) =>
    Number(storageOf(a.spec?.capacity) - storageOf(b.spec?.capacity));
  return { reserved: undefined, free: free.sort(bySize).map(match) };
}

/** The nodes that a volume can be reached from. */
export function nodesOf(nodes: NodeTable, { spec }: PersistentVolume): SlotTest {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms;
  return terms ? termsTest(nodes, terms) : () => true;
}

/** The bytes of storage in a list of resources. */
export function storageOf(list: Record<string, string> | undefined): bigint {
  try {
    return parseQuantity(list?.['storage'] ?? '0');
  } catch {
    return 0n;
  }
}
