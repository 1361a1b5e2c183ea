import { describe, expect, test } from 'vitest';
import { isOfUpperCluster, isOurs, isVirtual, marks, upperUidOf } from './marks.ts';
import { owner, raw } from './test-objects.ts';

const marked = marks(owner, 'uid');
const annotated = (key: string, value: unknown) => ({
  ...marked,
  annotations: { ...marked.annotations, [key]: value },
});

describe('whose a lower object is', () => {
  test.each<[string, object | null, boolean, boolean]>([
    ['marked', marked, true, true],
    ['with more beside our marks', { ...marked, labels: { ...marked.labels, app: 'web' } }, true, true],
    ['of another virtual node', annotated('isthmus.io/virtual-node', 'vk-b'), false, true],
    [
      'of a virtual node whose name only begins alike',
      annotated('isthmus.io/virtual-node', 'vk-ab'),
      false,
      true,
    ],
    ['of another upper cluster', annotated('isthmus.io/upper-cluster', 'x'), false, false],
    ['with the label alone', { labels: marked.labels }, false, false],
    ['with the annotations alone', { annotations: marked.annotations }, false, false],
    ['with the label set to another value', { ...marked, labels: { 'virtual-pod': 'True' } }, false, false],
    ['with nulls', { labels: null, annotations: null }, false, false],
    ['without metadata', null, false, false],
  ])('%s', (_, metadata, ours, ofUpper) => {
    const object = raw<object>({ metadata });
    expect(isOurs(object, owner)).toBe(ours);
    expect(isOfUpperCluster(object, owner)).toBe(ofUpper);
  });

  test('the mark says whose copy it is', () => {
    expect(upperUidOf(raw({ metadata: marked }))).toBe('uid');
    expect(upperUidOf(raw({ metadata: { annotations: null } }))).toBeUndefined();
    expect(upperUidOf(raw({}))).toBeUndefined();
  });
});

test.each([
  [{ labels: { 'virtual-pod': 'true' } }, true],
  [{ labels: { 'virtual-pod': 'false' } }, false],
  [{ annotations: { 'virtual-pod': 'true' } }, false],
  [{ labels: null }, false],
  [null, false],
])('a pod with metadata %j is virtual: %s', (metadata, expected) => {
  expect(isVirtual(raw({ metadata }))).toBe(expected);
});
