import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import type { Owner } from '../marks.ts';
import { isEqual } from '../merge-patch.ts';
import { classNameOf } from './claim-place.ts';
import {
  lowerNodeAffinityAnnotation,
  lowerVolumeAnnotation,
  provisionedByAnnotation,
  virtualDriver,
  virtualNodeLabelOfVolume,
  virtualProvisioner,
  volumeFinalizer,
} from './storage-names.ts';

/** The name of the volume above of an upper claim, as other provisioners name theirs. */
export function volumeNameOf(claim: PersistentVolumeClaim): string {
  return `pvc-${claim.metadata?.uid}`;
}

/**
 * The volume above of an upper claim: as large as it was asked for, on the virtual node, for this claim and no other
 * (by uid), and of a driver that no node has.
 *
 * @param storageClass the class of ours that it is made for; without one, the volume is below as it is
 * @param lower the volume below, where it is bound already
 */
export function volumeUp(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass | undefined,
  { virtualNode }: Owner,
  lower?: PersistentVolume,
): PersistentVolume {
  const { name, namespace, uid } = claim.metadata ?? {};
  const { accessModes, volumeMode, volumeAttributesClassName, resources } = claim.spec ?? {};
  const storageClassName = classNameOf(claim);
  const storage = resources?.requests?.['storage'];
  const terms = [
    { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [virtualNode] }] },
  ];
  const volume: PersistentVolume = {
    metadata: {
      name: volumeNameOf(claim),
      labels: { [virtualNodeLabelOfVolume]: virtualNode },
      annotations: { [provisionedByAnnotation]: virtualProvisioner },
      finalizers: [volumeFinalizer],
    },
    spec: {
      capacity: storage === undefined ? {} : { storage },
      ...(accessModes ? { accessModes } : {}),
      ...(volumeMode ? { volumeMode } : {}),
      ...(storageClassName ? { storageClassName } : {}),
      ...(volumeAttributesClassName ? { volumeAttributesClassName } : {}),
      ...(storageClass?.mountOptions ? { mountOptions: storageClass.mountOptions } : {}),
      persistentVolumeReclaimPolicy: storageClass
        ? (storageClass.reclaimPolicy ?? 'Delete')
        : (lower?.spec?.persistentVolumeReclaimPolicy ?? 'Retain'),
      csi: { driver: virtualDriver, volumeHandle: `${virtualNode}/${namespace}/${name}/${uid}` },
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        ...(namespace === undefined ? {} : { namespace }),
        ...(name === undefined ? {} : { name }),
        ...(uid === undefined ? {} : { uid }),
      },
      nodeAffinity: { required: { nodeSelectorTerms: terms } },
    },
  };
  const real = lower && volumeChanges(volume, lower);
  if (!real) return volume;
  return {
    metadata: { ...volume.metadata, annotations: { ...volume.metadata?.annotations, ...real.annotations } },
    spec: { ...volume.spec, ...(real.capacity ? { capacity: real.capacity } : {}) },
  };
}

/** Whether a volume above is one of this virtual node's. */
export function isVolumeOf(volume: PersistentVolume, { virtualNode }: Owner): boolean {
  return (
    volume.metadata?.labels?.[virtualNodeLabelOfVolume] === virtualNode &&
    volume.spec?.csi?.driver === virtualDriver
  );
}

/** What the volume below tells of itself, and the one above does not show yet. */
export interface VolumeChanges {
  readonly annotations: Record<string, string>;
  readonly capacity: Record<string, string> | undefined;
}

/**
 * The real size comes up, the name of the lower volume, and where in the lower cluster it can be reached. The latter
 * only as a note: node affinity of a volume cannot change, and the labels it names are those of lower nodes.
 */
export function volumeChanges(upper: PersistentVolume, lower: PersistentVolume): VolumeChanges | undefined {
  const affinity = lower.spec?.nodeAffinity;
  const told = {
    [lowerVolumeAnnotation]: lower.metadata?.name ?? '',
    ...(affinity ? { [lowerNodeAffinityAnnotation]: JSON.stringify(affinity) } : {}),
  };
  const annotations = Object.fromEntries(
    Object.entries(told).filter(([key, value]) => upper.metadata?.annotations?.[key] !== value),
  );
  const storage = lower.spec?.capacity?.['storage'];
  const isSame =
    storage === undefined || isEqual({ storage }, { storage: upper.spec?.capacity?.['storage'] });
  if (Object.keys(annotations).length === 0 && isSame) return undefined;
  return { annotations, capacity: isSame ? undefined : { storage } };
}
