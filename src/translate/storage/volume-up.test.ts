import { describe, expect, test } from 'vitest';
import type { PersistentVolume, StorageClass } from '../../kube/types.ts';
import { owner, raw } from '../test-objects.ts';
import { lowerVolume, upperClaim } from './test-claims.ts';
import { isVolumeOf, volumeChanges, volumeUp } from './volume-up.ts';

const storageClass = (more: object = {}) =>
  raw<StorageClass>({ metadata: { name: 'fast' }, provisioner: 'isthmus.io/virtual', ...more });
const zone = {
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'Exists' }] }] },
};

describe('the volume above', () => {
  test('is for this claim alone, on the virtual node, and of a driver that no node has', () => {
    expect(volumeUp(upperClaim(), storageClass(), owner)).toEqual({
      metadata: {
        name: 'pvc-upper-uid',
        labels: { 'isthmus.io/virtual-node': 'vk-a' },
        annotations: { 'pv.kubernetes.io/provisioned-by': 'isthmus.io/virtual' },
        finalizers: ['isthmus.io/lower-claim'],
      },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'fast',
        persistentVolumeReclaimPolicy: 'Delete',
        csi: { driver: 'virtual.isthmus.io', volumeHandle: 'vk-a/shop/data/upper-uid' },
        claimRef: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          namespace: 'shop',
          name: 'data',
          uid: 'upper-uid',
        },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['vk-a'] }] },
            ],
          },
        },
      },
    });
  });

  test('is of the class that the claim names, be it by the old annotation', () => {
    const annotations = { 'volume.beta.kubernetes.io/storage-class': 'fast' };
    const claim = upperClaim({ metadata: { annotations }, spec: { storageClassName: undefined } });
    expect(volumeUp(claim, storageClass(), owner).spec?.storageClassName).toBe('fast');
  });

  test.each<[string, object, StorageClass | undefined, PersistentVolume | undefined, object]>([
    ['Block', { volumeMode: 'Block' }, storageClass(), undefined, { volumeMode: 'Block' }],
    [
      'the policy of its class',
      {},
      storageClass({ reclaimPolicy: 'Retain' }),
      undefined,
      { persistentVolumeReclaimPolicy: 'Retain' },
    ],
    ['mount options', {}, storageClass({ mountOptions: ['ro'] }), undefined, { mountOptions: ['ro'] }],
    [
      'what is below already, as it is',
      {},
      undefined,
      lowerVolume({ capacity: { storage: '3Gi' }, persistentVolumeReclaimPolicy: 'Delete' }),
      { capacity: { storage: '3Gi' }, persistentVolumeReclaimPolicy: 'Delete' },
    ],
    ['kept where nobody says', {}, undefined, lowerVolume(), { persistentVolumeReclaimPolicy: 'Retain' }],
  ])('has %s', (_, spec, ofClass, below, expected) => {
    expect(volumeUp(upperClaim({ spec }), ofClass, owner, below).spec).toMatchObject(expected);
  });

  test('is known as ours by label and driver', () => {
    const volume = volumeUp(upperClaim(), storageClass(), owner);
    expect(isVolumeOf(volume, owner)).toBe(true);
    expect(isVolumeOf(volume, { ...owner, virtualNode: 'vk-b' })).toBe(false);
    expect(isVolumeOf({ ...volume, spec: { hostPath: { path: '/' } } }, owner)).toBe(false);
  });
});

describe('what the volume below tells', () => {
  const upper = volumeUp(upperClaim(), storageClass(), owner);
  const named = { 'isthmus.io/lower-volume': 'lower-volume' };
  const told = { ...upper, metadata: { ...upper.metadata, annotations: named } };
  test.each<[string, PersistentVolume, object, object | undefined]>([
    ['its name', upper, {}, { annotations: named, capacity: undefined }],
    ['nothing new', told, {}, undefined],
    ['its size', told, { capacity: { storage: '3Gi' } }, { annotations: {}, capacity: { storage: '3Gi' } }],
    ['no size at all', told, { capacity: undefined }, undefined],
    [
      'where it is',
      told,
      { nodeAffinity: zone },
      {
        annotations: { 'isthmus.io/lower-node-affinity': JSON.stringify(zone) },
        capacity: undefined,
      },
    ],
  ])('%s', (_, volume, spec, expected) => {
    expect(volumeChanges(volume, lowerVolume(spec))).toEqual(expected);
  });
});
