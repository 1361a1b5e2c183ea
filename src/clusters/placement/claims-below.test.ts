import { describe, expect, test } from 'vitest';
import type { PersistentVolumeClaim, Pod, StorageClass } from '../../kube/types.ts';
import { Picture } from '../../scheduling/picture.ts';
import { raw } from '../../translate/test-objects.ts';
import { ClaimsBelow } from './claims-below.ts';

const claim = (name: string, spec: object = {}, annotations: object = {}) =>
  raw<PersistentVolumeClaim>({ metadata: { namespace: 'shop', name, annotations }, spec });
const claims = new Map([
  ['shop/data', claim('data', { storageClassName: 'fast', volumeName: 'pvc-1' })],
  [
    'shop/web-tmp',
    claim('web-tmp', { storageClassName: 'slow' }, { 'volume.kubernetes.io/selected-node': 'vk-b' }),
  ],
]);
const below = new ClaimsBelow((key) => claims.get(key));
const pod = (...volumes: object[]) =>
  raw<Pod>({ metadata: { namespace: 'shop', name: 'web' }, spec: { volumes } });
const data = { name: 'd', persistentVolumeClaim: { claimName: 'data' } };
const scratch = { name: 'tmp', ephemeral: { volumeClaimTemplate: {} } };
const picture = new Picture();
picture.applyStorageClass(raw<StorageClass>({ metadata: { name: 'ssd' }, provisioner: 'x' }));

describe('the claims that come with a pod', () => {
  test('are of the lower class, and have no volume yet', () => {
    const [one, ...others] = below.of(pod(data), { storageClasses: { fast: 'ssd' } }, picture);
    expect(one).toMatchObject({ metadata: { name: 'data' }, spec: { storageClassName: 'ssd' } });
    expect(one?.spec?.volumeName).toBeUndefined();
    expect(others).toEqual([]);
  });

  test('are those of ephemeral volumes, too; of a class that is missing they keep the name, and find nothing', () => {
    const [one] = below.of(pod(scratch), { storageClasses: {} }, picture);
    expect(one).toMatchObject({ metadata: { name: 'web-tmp' }, spec: { storageClassName: 'slow' } });
  });

  test('are none for a pod without', () => {
    expect(below.of(pod({ name: 'e', emptyDir: {} }), { storageClasses: {} }, picture)).toEqual([]);
  });
});

test('where a claim is', () => {
  expect(below.nodeOf(pod(data))).toBeUndefined();
  expect(below.nodeOf(pod(data, scratch))).toBe('vk-b');
});

test('a claim that is not known', () => {
  expect(below.missingOf(pod(data, scratch))).toBeUndefined();
  expect(below.missingOf(pod(data, { name: 'x', persistentVolumeClaim: { claimName: 'new' } }))).toBe(
    'shop/new',
  );
});
