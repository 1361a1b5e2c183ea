import { expect, test } from 'vitest';
import { raw } from './test-objects.ts';
import { isTokenVolume } from './token-volume.ts';

const sources = [{ configMap: { name: 'c' } }, { serviceAccountToken: { path: 'token' } }];

test.each([
  [{ name: 'kube-api-access-x7k2p', projected: { sources } }, true],
  [{ name: 'kube-api-access-x7k2p', projected: { sources: sources.slice(0, 1) } }, false],
  [{ name: 'kube-api-access-x7k2p', projected: { sources: [{ serviceAccountToken: null }] } }, false],
  [{ name: 'kube-api-access-x7k2p', projected: { sources: null } }, false],
  [{ name: 'kube-api-access-x7k2p', projected: null }, false],
  [{ name: 'kube-api-access-x7k2p', emptyDir: {} }, false],
  [{ name: 'my-token', projected: { sources } }, false],
  [{ name: 'a-kube-api-access-', projected: { sources } }, false],
])('%j: %s', (volume, expected) => {
  expect(isTokenVolume(raw(volume))).toBe(expected);
});
