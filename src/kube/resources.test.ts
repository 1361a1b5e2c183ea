import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasCode } from './errors.ts';
import { keyOf, leases, nodes, pods, resourcePath, splitKey } from './resources.ts';

test.each([
  [pods, {}, '/api/v1/pods'],
  [pods, { namespace: 'a' }, '/api/v1/namespaces/a/pods'],
  [pods, { namespace: 'a', name: 'b' }, '/api/v1/namespaces/a/pods/b'],
  [pods, { namespace: 'a', name: 'b', subresource: 'status' }, '/api/v1/namespaces/a/pods/b/status'],
  [nodes, { name: 'n' }, '/api/v1/nodes/n'],
  [nodes, { namespace: 'ignored', name: 'n' }, '/api/v1/nodes/n'],
  [
    leases,
    { namespace: 'kube-node-lease', name: 'n' },
    '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n',
  ],
])('%o %o is at %s', (resource, where, path) => {
  expect(resourcePath(resource, where)).toBe(path);
});

test('a name stays one segment of the path, or is refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      const path = () => resourcePath(pods, { namespace: 'a', name });
      if (['', '.', '..'].includes(name)) expect(path).toThrow('is no name');
      else expect(decodeURIComponent(path().split('/')[6] ?? '')).toBe(name);
    }),
    { examples: [['..'], ['.'], [''], ['a/../b'], ['a?b#c'], ['%2e%2e']] },
  );
});

test('the deletion of an object without a name does not become one of all', () => {
  let thrown: unknown;
  try {
    resourcePath(pods, { namespace: 'a', name: '' });
  } catch (error) {
    thrown = error;
  }
  expect(hasCode(thrown, 'BadRequest')).toBe(true);
});

test('keys join and split', () => {
  expect(keyOf({ metadata: { namespace: 'a', name: 'b' } })).toBe('a/b');
  expect(keyOf({ metadata: { name: 'b' } })).toBe('b');
  expect(splitKey('a/b')).toEqual({ namespace: 'a', name: 'b' });
});
