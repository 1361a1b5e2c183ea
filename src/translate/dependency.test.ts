import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConfigMap, Secret } from '../kube/types.ts';
import { contentHash, dependencyDown, isInStep, versionOf, withoutContent } from './dependency.ts';
import { isOurs, upperUidOf } from './marks.ts';
import { frozen, owner, raw } from './test-objects.ts';

const metadata = { name: 'settings', namespace: 'shop', uid: 'u', resourceVersion: '5' };
const down = (object: object) => dependencyDown(raw<Secret>({ metadata, ...object }), owner);

describe('dependencyDown', () => {
  test('a ConfigMap, whole', () => {
    const data = { key: 'value', __proto__x: '' };
    const upper = raw<ConfigMap>({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      immutable: true,
      data,
      binaryData: { bytes: 'AAE=' },
      later: { x: 1 },
      metadata: {
        ...metadata,
        generateName: 'settings-',
        creationTimestamp: '2026-01-02T03:04:05Z',
        deletionTimestamp: '2026-01-02T03:04:05Z',
        managedFields: [{}],
        ownerReferences: [{ kind: 'Release', name: 'r', uid: 'r' }],
        finalizers: ['a/b'],
        labels: { app: 'web', 'virtual-pod': 'no' },
        annotations: {
          note: 'x',
          'kubectl.kubernetes.io/last-applied-configuration': '{"data":{}}',
          'isthmus.io/about-the-upper-one': 'x',
        },
      },
    });
    expect(dependencyDown(upper, owner)).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      data,
      binaryData: { bytes: 'AAE=' },
      later: { x: 1 },
      metadata: {
        name: 'settings',
        namespace: 'shop',
        labels: { app: 'web', 'virtual-pod': 'true' },
        annotations: {
          note: 'x',
          'isthmus.io/upper-cluster': 'upper-cluster-uid',
          'isthmus.io/virtual-node': 'vk-a',
          'isthmus.io/upper-uid': 'u',
          'isthmus.io/upper-version': 'u/5',
          'isthmus.io/content-hash': contentHash(upper),
        },
      },
    });
  });

  test.each([
    ['kubernetes.io/service-account-token', 'Opaque'],
    // In kube-system it would let machines join the lower cluster.
    ['bootstrap.kubernetes.io/token', 'Opaque'],
    ['kubernetes.io/dockerconfigjson', 'kubernetes.io/dockerconfigjson'],
    ['kubernetes.io/tls', 'kubernetes.io/tls'],
    ['Opaque', 'Opaque'],
    ['example.com/own', 'example.com/own'],
  ])('a secret of type %s becomes %s', (type, expected) => {
    expect(down({ type, data: { token: 'eA==' } }).type).toBe(expected);
  });

  test.each([
    ['no metadata', { metadata: null }],
    ['null labels and annotations', { metadata: { ...metadata, labels: null, annotations: null } }],
    ['null data', { data: null, binaryData: null, type: null }],
  ])('with %s', (_, object) => {
    expect(isOurs(down(object), owner)).toBe(true);
  });

  test('a ConfigMap gets no type', () => {
    expect(down({ data: {} })).not.toHaveProperty('type');
  });
});

describe('contentHash', () => {
  const hash = (object: object) => contentHash(raw<Secret>(object));

  test.each([
    ['whatever the order of keys', { data: { a: '1', b: '2' } }, { data: { b: '2', a: '1' } }],
    [
      'whatever is not content',
      { data: { a: '1' }, metadata: { name: 'x' } },
      { data: { a: '1' }, immutable: true },
    ],
    ['without data', {}, { data: {}, binaryData: null }],
    // A value without bytes is null in one answer of an API server and empty in another.
    ['of an empty value', { data: { a: null } }, { data: { a: '' } }],
  ])('is the same %s', (_, a, b) => {
    expect(hash(a)).toBe(hash(b));
  });

  test.each([
    ['another value', { data: { a: '1' } }, { data: { a: '2' } }],
    ['another key', { data: { a: '1' } }, { data: { b: '1' } }],
    ['a key less', { data: { a: '1', b: '' } }, { data: { a: '1' } }],
    ['another place', { data: { a: 'AA==' } }, { binaryData: { a: 'AA==' } }],
    ['another type', { type: 'Opaque' }, { type: 'kubernetes.io/tls' }],
    ['a key that looks like two', { data: { 'a","b': '1' } }, { data: { a: '1', b: '1' } }],
    ['a key that every object has', { data: raw<object>(JSON.parse('{"__proto__":"1"}')) }, { data: {} }],
  ])('is another with %s', (_, a, b) => {
    expect(hash(a)).not.toBe(hash(b));
  });
});

describe('a copy in the cache', () => {
  const upper = raw<Secret>({ metadata, data: { password: 'aHVudGVyMg==' }, type: 'Opaque' });
  const stored = (copy: Secret, metadata: object = {}): Secret =>
    withoutContent(frozen({ ...copy, metadata: { ...copy.metadata, uid: 'lower', ...metadata } }));

  test('holds no secret', () => {
    expect(JSON.stringify(stored(dependencyDown(upper, owner)))).not.toContain('aHVudGVyMg');
    expect(upperUidOf(stored(dependencyDown(upper, owner)))).toBe('u');
  });

  test('is in step right after it was made', () => {
    expect(isInStep(stored(dependencyDown(upper, owner)), upper)).toBe(true);
  });

  test('may be put in the cache twice', () => {
    const once = stored(dependencyDown(upper, owner));
    expect(isInStep(withoutContent(once), upper)).toBe(true);
  });

  test.each<[string, object]>([
    ['changed', { ...metadata, resourceVersion: '6' }],
    ['made anew, be it at the same version', { ...metadata, uid: 'v' }],
  ])('is not in step when the upper one was %s', (_, changed) => {
    expect(isInStep(stored(dependencyDown(upper, owner)), raw({ metadata: changed }))).toBe(false);
  });

  test.each<[string, Partial<Secret>]>([
    ['data', { data: { password: 'b3RoZXI=' } }],
    ['a key more', { data: { ...upper.data, more: '' } }],
    ['no data', { data: {} }],
    ['type', { type: 'kubernetes.io/tls' }],
  ])('is not in step when it was edited below: %s', (_, edit) => {
    expect(isInStep(stored({ ...dependencyDown(upper, owner), ...edit }), upper)).toBe(false);
  });

  test('is not in step when somebody took its marks', () => {
    expect(isInStep(stored(dependencyDown(upper, owner), { annotations: null }), upper)).toBe(false);
    expect(isInStep(raw<Secret>({ metadata: null }), raw({}))).toBe(false);
  });

  test('is in step for any content, and only for it', () => {
    const data = fc.dictionary(fc.stringMatching(/^[-._a-zA-Z0-9]{1,8}$/), fc.base64String());
    fc.assert(
      fc.property(data, data, (one, other) => {
        const object = raw<Secret>({ ...upper, data: one });
        const copy = dependencyDown(object, owner);
        expect(isInStep(stored(copy), object)).toBe(true);
        expect(isInStep(stored({ ...copy, data: other }), object)).toBe(
          JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort()),
        );
      }),
    );
  });
});

test.each([
  [{ uid: 'u', resourceVersion: '5' }, 'u/5'],
  [undefined, 'undefined/undefined'],
])('versionOf %j', (metadata, version) => {
  expect(versionOf(metadata)).toBe(version);
});
