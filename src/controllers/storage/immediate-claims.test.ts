import { expect, test } from 'vitest';
import { Cache } from '../../kube/cache.ts';
import type { PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import { tellImmediateClaims } from './immediate-claims.ts';

const ours = { provisioner: 'isthmus.io/virtual', volumeBindingMode: 'Immediate' };

function told(
  storageClass: object,
  claim: { metadata?: object; spec?: object } = {},
  order: 'class first' | 'claim first' = 'class first',
): string[] {
  const claims = new Cache<PersistentVolumeClaim, 'node'>({ node: () => [] });
  const classes = new Cache<StorageClass>({});
  const messages: string[] = [];
  const record = (_: unknown, __: unknown, { message }: { message: string }) => messages.push(message) > 0;
  tellImmediateClaims({ claims, classes }, new Set(['also.ours']), { record });
  const applyClass = () =>
    classes.apply({
      metadata: { name: 'fast', uid: 'c', resourceVersion: '1' },
      ...storageClass,
    } as StorageClass);
  const metadata = { namespace: 'shop', name: 'data', uid: 'u', resourceVersion: '1', ...claim.metadata };
  if (order === 'class first') applyClass();
  claims.apply({ metadata, spec: { storageClassName: 'fast', ...claim.spec } });
  if (order === 'claim first') applyClass();
  return messages;
}

test.each<[string, object, Parameters<typeof told>[2]?]>([
  ['a class of ours', ours],
  ['a class that is listed after it', ours, 'claim first'],
  ['a class that was given to us', { ...ours, provisioner: 'also.ours' }],
  ['a class that says nothing of it', { provisioner: 'isthmus.io/virtual' }],
])('a claim of %s that is bound at once is told', (_, storageClass, order) => {
  expect(told(storageClass, {}, order)).toEqual([expect.stringContaining('WaitForFirstConsumer')]);
});

test.each<[string, object, object?]>([
  ['that waits', { ...ours, volumeBindingMode: 'WaitForFirstConsumer' }],
  ['of somebody else', { ...ours, provisioner: 'csi.example.com' }],
  ['that is bound', ours, { spec: { volumeName: 'v' } }],
  [
    'whose node is known',
    ours,
    { metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'vk-a' } } },
  ],
])('a claim %s is not', (_, storageClass, claim) => {
  expect(told(storageClass, claim)).toEqual([]);
});
