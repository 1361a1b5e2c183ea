import { expect, test } from 'vitest';
import type { Pod } from '../../kube/types.ts';
import { raw } from '../../translate/test-objects.ts';
import { sinkOf } from './sink.ts';
import { slimNode, slimPod } from './slim.ts';

const pod = (name: string) => raw<Pod>({ metadata: { namespace: 'shop', name } });

test('passes on what comes, and tells from a list what is gone', () => {
  const told: string[] = [];
  const sink = sinkOf<Pod>(
    (_, key) => told.push(`+${key}`),
    (key) => told.push(`-${key}`),
  );
  sink.replace([pod('a'), pod('b')], '1');
  sink.apply(pod('c'));
  sink.remove(pod('b'));
  sink.remove(pod('b'));
  sink.replace([pod('c'), pod('d')], '2');
  expect(told).toEqual(['+shop/a', '+shop/b', '+shop/c', '-shop/b', '-shop/a', '+shop/c', '+shop/d']);
});

test('a slim pod keeps what schedulers ask for, and whose it is', () => {
  const spec = {
    nodeName: 'n',
    overhead: { cpu: '1' },
    affinity: { podAntiAffinity: {} },
    topologySpreadConstraints: [{ maxSkew: 1 }],
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }],
    schedulingGates: [{ name: 'g' }],
    initContainers: [{ name: 'i', restartPolicy: 'Always', resources: { requests: { cpu: '1' } } }],
  };
  const container = { name: 'm', resources: { requests: { cpu: '1' } }, ports: [{ hostPort: 80 }] };
  const slim = slimPod(
    raw<Pod>({
      metadata: {
        name: 'web',
        labels: { app: 'web' },
        annotations: { 'isthmus.io/upper-uid': 'u', large: 'x' },
        managedFields: [{}],
        deletionTimestamp: 't',
      },
      spec: { ...spec, containers: [{ ...container, env: [{ name: 'A' }], image: 'i' }] },
      status: {
        phase: 'Running',
        podIP: '10.0.0.1',
        conditions: [{ type: 'Ready' }, { type: 'PodScheduled', status: 'False' }],
        containerStatuses: [{ name: 'm', resources: { requests: { cpu: '2' } }, image: 'i' }],
      },
    }),
  );
  expect(slim).toEqual({
    metadata: {
      name: 'web',
      labels: { app: 'web' },
      annotations: { 'isthmus.io/upper-uid': 'u' },
      deletionTimestamp: 't',
    },
    spec: { ...spec, containers: [container] },
    status: {
      phase: 'Running',
      conditions: [{ type: 'PodScheduled', status: 'False' }],
      containerStatuses: [{ name: 'm', resources: { requests: { cpu: '2' } } }],
    },
  });
});

test.each([{}, { metadata: null, spec: null, status: null }])(
  'objects with gaps are no trouble: %j',
  (nothing) => {
    expect(() => [slimPod(raw(nothing)), slimNode(raw(nothing))]).not.toThrow();
  },
);
