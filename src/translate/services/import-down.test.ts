import { expect, test } from 'vitest';
import type { ServiceImport } from '../../kube/types.ts';
import { owner, raw } from '../test-objects.ts';
import { importDown, importToWrite } from './import-down.ts';

const upper = (spec: object, metadata: object = {}) =>
  raw<ServiceImport>({
    metadata: {
      namespace: 'shop',
      name: 'cart',
      uid: 'upper-uid',
      labels: { tier: 'back' },
      annotations: {
        note: 'x',
        'isthmus.io/service': 'true',
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
      },
      finalizers: ['example.com/keep'],
      ...metadata,
    },
    spec: { type: 'ClusterSetIP', ports: [{ port: 80 }], ...spec },
    status: { clusters: [{ cluster: 'east' }] },
  });
const below: Record<string, string> = { '10.0.0.7': '10.9.0.7' };
const down = (spec: object) => importDown(upper(spec), owner, (address) => below[address]);

test('goes down with the address that its Service has there, and what is not of one cluster', () => {
  const copy = down({ ips: ['10.0.0.7'], sessionAffinity: 'ClientIP' });
  expect(copy).toMatchObject({
    metadata: {
      namespace: 'shop',
      name: 'cart',
      labels: { tier: 'back', 'virtual-pod': 'true' },
      annotations: { note: 'x', 'isthmus.io/upper-uid': 'upper-uid' },
    },
    spec: { type: 'ClusterSetIP', ports: [{ port: 80 }], sessionAffinity: 'ClientIP', ips: ['10.9.0.7'] },
  });
  expect(Object.keys(copy.metadata?.annotations ?? {})).not.toContain('isthmus.io/service');
  expect(JSON.stringify(copy)).not.toMatch(/last-applied|finalizers|status/);
});

test.each([
  ['an address of no Service that is below', { ips: ['10.0.0.8'] }],
  ['none', { type: 'Headless' }],
])('names no address for %s', (_, spec) => {
  expect(down(spec).spec).not.toHaveProperty('ips');
});

test('is written only where it differs, and keeps its identity and its status', () => {
  const desired = down({ ips: ['10.0.0.7'] });
  const identity = { uid: 'lower-uid', resourceVersion: '7' };
  const lower = { ...desired, metadata: { ...desired.metadata, ...identity } };
  expect(importToWrite(desired, lower)).toBeUndefined();
  const edited = { ...lower, spec: { ...lower.spec, ips: ['192.0.2.1'] }, status: { clusters: [] } };
  expect(importToWrite(desired, edited)).toEqual({ ...lower, status: { clusters: [] } });
  const labelled = { ...lower, metadata: { ...lower.metadata, labels: {} } };
  expect(importToWrite(desired, labelled)?.metadata).toMatchObject({
    ...identity,
    labels: desired.metadata?.labels,
  });
});
