import { describe, expect, test } from 'vitest';
import { owner } from '../test-objects.ts';
import { claimChanges, claimDown, claimRefusal } from './claim-down.ts';
import { lowerClaim, lowerVolume, upperClaim } from './test-claims.ts';

describe('the lower claim', () => {
  test('has name, marks and what is asked for, and finds its own volume', () => {
    const annotations = {
      note: 'x',
      'isthmus.io/lower-claim': 'upper-uid/lower-uid',
      'pv.kubernetes.io/bind-completed': 'yes',
      'volume.kubernetes.io/selected-node': 'vk-a',
      'volume.beta.kubernetes.io/storage-provisioner': 'isthmus.io/virtual',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    };
    const metadata = { labels: { app: 'db' }, annotations, finalizers: ['f'], ownerReferences: [{}] };
    const upper = upperClaim({
      metadata,
      spec: { volumeName: 'pvc-upper-uid', unknown: { of: 'the future' } },
    });
    expect(claimDown(upper, owner, 'ssd')).toEqual({
      metadata: {
        name: 'data',
        namespace: 'shop',
        labels: { app: 'db', 'virtual-pod': 'true' },
        annotations: {
          note: 'x',
          'isthmus.io/upper-cluster': 'upper-cluster-uid',
          'isthmus.io/virtual-node': 'vk-a',
          'isthmus.io/upper-uid': 'upper-uid',
        },
      },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: 'ssd',
        unknown: { of: 'the future' },
      },
    });
  });

  test.each<[string, object]>([
    ['selector', { selector: { matchLabels: { disk: 'fast' } } }],
    ['volumeMode', { volumeMode: 'Block' }],
    ['ReadWriteMany', { accessModes: ['ReadWriteMany'] }],
    ['ReadWriteOncePod', { accessModes: ['ReadWriteOncePod'] }],
    ['volumeAttributesClassName', { volumeAttributesClassName: 'gold' }],
  ])('carries %s', (_, spec) => {
    expect(claimDown(upperClaim({ spec }), owner, undefined).spec).toMatchObject(spec);
  });

  test('leaves the class to the lower cluster, or has none', () => {
    expect(claimDown(upperClaim(), owner, undefined).spec).not.toHaveProperty('storageClassName');
    expect(claimDown(upperClaim(), owner, '').spec).toHaveProperty('storageClassName', '');
  });

  test('has the volume that was kept for it', () => {
    expect(claimDown(upperClaim(), owner, 'ssd', lowerVolume()).spec).toMatchObject({
      storageClassName: 'ssd',
      volumeName: 'lower-volume',
    });
  });
});

test.each<[object, RegExp | undefined]>([
  [{ dataSource: { kind: 'VolumeSnapshot', name: 's' } }, /VolumeSnapshot/],
  [{ dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'c' } }, /PersistentVolumeClaim/],
  [{ dataSource: null, dataSourceRef: null }, undefined],
  [{}, undefined],
])('%j is refused: %s', (spec, expected) => {
  const refusal = claimRefusal(upperClaim({ spec }));
  if (expected) expect(refusal).toMatch(expected);
  else expect(refusal).toBeUndefined();
});

describe('what has changed', () => {
  const asks = (storage: string, more: object = {}) => ({
    spec: { resources: { requests: { storage } }, ...more },
  });
  const growing = { allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' } };
  test.each<[string, object, object, object | undefined]>([
    ['nothing', {}, {}, undefined],
    ['the same in other words', asks('1024Mi'), {}, undefined],
    ['it is to be larger', asks('2Gi'), {}, { resources: { requests: { storage: '2Gi' } } }],
    ['before it has a volume it cannot change', asks('2Gi'), { status: { phase: 'Pending' } }, undefined],
    ['somebody made it larger below', {}, asks('2Gi'), undefined],
    [
      'growing is given up',
      asks('2Gi'),
      { ...asks('3Gi'), status: { phase: 'Bound', capacity: { storage: '1Gi' }, ...growing } },
      { resources: { requests: { storage: '2Gi' } } },
    ],
    [
      'less than there is cannot be had',
      asks('1Gi'),
      { ...asks('3Gi'), status: { phase: 'Bound', capacity: { storage: '1Gi' }, ...growing } },
      undefined,
    ],
    [
      'other attributes',
      asks('1Gi', { volumeAttributesClassName: 'gold' }),
      {},
      { volumeAttributesClassName: 'gold' },
    ],
  ])('%s', (_, upper, lower, expected) => {
    expect(claimChanges(upperClaim(upper), lowerClaim(lower))).toEqual(expected);
  });
});
