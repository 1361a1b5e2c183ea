import { expect, test } from 'vitest';
import type { Pod } from '../kube/types.ts';
import { podAgain } from './pod-again.ts';
import { raw } from './test-objects.ts';

const before = raw<Pod>({
  metadata: {
    name: 'solo',
    namespace: 'shop',
    uid: 'u1',
    resourceVersion: '7',
    creationTimestamp: '2026-01-01T00:00:00Z',
    generation: 3,
    managedFields: [],
    labels: { 'virtual-pod': 'true', app: 'solo' },
    annotations: { note: 'keep', clusterSelector: '{}', 'isthmus.io/lower-pod': 'u1/l1' },
    finalizers: ['example.com/hold'],
    ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'c', uid: 'c1' }],
  },
  spec: {
    nodeName: 'vk-a',
    containers: [{ name: 'main', image: 'busybox' }],
    ephemeralContainers: [{ name: 'debug' }],
    tolerations: [{ operator: 'Exists' }],
    restartPolicy: 'Never',
  },
  status: { phase: 'Pending' },
});
const until = Date.UTC(2026, 0, 2);

test('is the same pod without what was about the one that went', () => {
  expect(podAgain(before, new Map([['vk-a', until]]))).toEqual({
    metadata: {
      name: 'solo',
      namespace: 'shop',
      labels: { 'virtual-pod': 'true', app: 'solo', 'create-by-descheduler': 'true' },
      annotations: {
        note: 'keep',
        clusterSelector: '{}',
        'sigs.k8s.io/deschedule-count': '1',
        'isthmus.io/made-from': 'u1',
        'isthmus.io/first-uid': 'u1',
        'isthmus.io/avoids': '{"vk-a":"2026-01-02T00:00:00.000Z"}',
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'c', uid: 'c1' }],
    },
    spec: {
      containers: [{ name: 'main', image: 'busybox' }],
      tolerations: [{ operator: 'Exists' }],
      restartPolicy: 'Never',
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['vk-a'] }] },
            ],
          },
        },
      },
    },
  });
});

test('the second time it is kept from the second node, and what it said stays', () => {
  const second = podAgain(podAgain(before, new Map([['vk-a', until]])), new Map([['vk-b', until]]));
  expect(second.metadata?.annotations).toMatchObject({
    note: 'keep',
    clusterSelector: '{}',
    'sigs.k8s.io/deschedule-count': '2',
    'isthmus.io/first-uid': 'u1',
  });
  expect(JSON.stringify(second.spec)).not.toContain('vk-a');
});
