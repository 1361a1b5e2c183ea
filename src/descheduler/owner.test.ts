import { expect, test } from 'vitest';
import type { Pod } from '../kube/types.ts';
import { raw } from '../translate/test-objects.ts';
import { ownerKeyOf } from './owner.ts';

const pod = (metadata: object) => raw<Pod>({ metadata: { uid: 'uid-pod', ...metadata } });
const controlled = { ownerReferences: [{ controller: true, kind: 'ReplicaSet', name: 'a', uid: 'uid-set' }] };

test('pods of a controller have its key, and a pod that was made again that of the first', () => {
  expect(ownerKeyOf(pod(controlled))).toBe('uid-set');
  const first = ownerKeyOf(pod({}));
  expect(ownerKeyOf(pod({ uid: 'uid-next', annotations: { 'isthmus.io/first-uid': 'uid-pod' } }))).toBe(
    first,
  );
});

test('a pod that says it was made from a controller does not speak for the pods of that', () => {
  const forged = { annotations: { 'isthmus.io/first-uid': 'uid-set' } };
  expect(ownerKeyOf(pod(forged))).not.toBe(ownerKeyOf(pod(controlled)));
});

test.each(['../a', 'a b', '', 'x'.repeat(300)])('%j is no uid, and the pod is its own', (text) => {
  expect(ownerKeyOf(pod({ annotations: { 'isthmus.io/first-uid': text } }))).toBe(ownerKeyOf(pod({})));
});
