import { describe, expect, test } from 'vitest';
import type { Node } from '../kube/types.ts';
import { agreedLabels } from './agreed-labels.ts';
import { mergePatch } from './merge-patch.ts';
import { frozen, raw } from './test-objects.ts';
import {
  type LowerFacts,
  newVirtualNode,
  nodeAnnotations,
  nodeLabels,
  nodeStatus,
  type VirtualNodeSettings,
} from './virtual-node.ts';

const settings: VirtualNodeSettings = frozen({
  name: 'vk-a',
  cluster: 'a',
  labels: { clusterID: 'a' },
  taint: { key: 'virtual-kubelet.io/provider', value: 'k8s', effect: 'NoSchedule' },
  addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
  kubeletPort: 10250,
  lowerCluster: 'lower-uid',
});
const sample = raw<Node>({
  status: {
    nodeInfo: {
      operatingSystem: 'windows',
      architecture: 'arm64',
      kernelVersion: '6.1',
      osImage: 'Debian',
      containerRuntimeVersion: 'containerd://2',
      machineID: 'm',
    },
  },
});
const facts: LowerFacts = frozen({
  ready: { isReady: true, reason: 'LowerClusterReady', message: 'it answers' },
  version: 'v1.35.4',
  offered: { cpu: '4', memory: '8Gi', pods: '110' },
  largestFree: { cpu: '2', memory: '4Gi' },
  agreed: agreedLabels([sample]),
  sample,
});
const nothing: LowerFacts = frozen({
  ...facts,
  offered: {},
  largestFree: undefined,
  agreed: agreedLabels([]),
  sample: undefined,
});
const then = '2026-01-02T03:00:00Z';
const now = '2026-01-02T04:00:00Z';

test('the node as it is registered', () => {
  expect(newVirtualNode(settings, facts)).toEqual({
    metadata: {
      name: 'vk-a',
      labels: {
        'kubernetes.io/hostname': 'vk-a',
        'kubernetes.io/role': 'agent',
        'kubernetes.io/os': 'windows',
        'kubernetes.io/arch': 'arm64',
        type: 'virtual-kubelet',
        clusterID: 'a',
      },
      annotations: {
        'isthmus.io/lower-cluster': 'lower-uid',
        'isthmus.io/configured-labels': '["clusterID"]',
        'isthmus.io/configured-taint': 'virtual-kubelet.io/provider=k8s:NoSchedule',
      },
    },
    spec: { taints: [settings.taint] },
  });
  expect(newVirtualNode({ ...settings, taint: undefined }, facts).spec).toEqual({});
});

test.each([undefined, raw<Node>({}), raw<Node>({ status: null }), raw<Node>({ status: { nodeInfo: null } })])(
  'with %j for a lower node it is taken for linux on amd64',
  (unknown) => {
    const agreed = agreedLabels(unknown ? [unknown] : []);
    expect(nodeLabels(settings, { ...facts, agreed, sample: unknown })).toMatchObject({
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
    });
    const { nodeInfo } = nodeStatus(raw({}), settings, { ...facts, sample: unknown }, now);
    expect(nodeInfo).toMatchObject({
      operatingSystem: 'linux',
      architecture: 'amd64',
      kubeletVersion: 'v1.35.4',
    });
  },
);

test('what not all lower nodes agree on is no label, and is taken away where it was', () => {
  const other = raw<Node>({ status: { nodeInfo: { operatingSystem: 'windows', architecture: 'amd64' } } });
  const mixed = { ...facts, agreed: agreedLabels([sample, other]) };
  expect(nodeLabels(settings, mixed)).toMatchObject({
    'kubernetes.io/os': 'windows',
    'kubernetes.io/arch': null,
  });
  expect(newVirtualNode(settings, mixed).metadata?.labels).not.toHaveProperty(['kubernetes.io/arch']);
});

test("the operator's labels win", () => {
  const labels = { ...settings.labels, 'kubernetes.io/role': 'edge' };
  expect(nodeLabels({ ...settings, labels }, facts)).toHaveProperty(['kubernetes.io/role'], 'edge');
});

test.each([
  // The operator's own labels, and those that are ours anyway, stay.
  ['["clusterID","tier","kubernetes.io/hostname"]', { tier: null }],
  ['["clusterID"]', {}],
  [undefined, {}],
  ['no JSON', {}],
  ['{"tier":1}', {}],
  ['[1]', {}],
])('what the configuration gave the node before (%s), and gives it no more, goes', (before, gone) => {
  const annotations = before === undefined ? {} : { 'isthmus.io/configured-labels': before };
  const node = raw<Node>({ metadata: { labels: { tier: 'web', mine: 'x' }, annotations } });
  expect(nodeLabels(settings, facts, node)).toEqual({ ...nodeLabels(settings, facts), ...gone });
});

test.each([
  [facts, '{"cpu":"2","memory":"4Gi"}'],
  // Without it the annotation of better days would stay.
  [nothing, '{}'],
])('the largest free node is always said', (known, expected) => {
  expect(nodeAnnotations(settings, known)).toEqual({
    'isthmus.io/lower-cluster': 'lower-uid',
    'isthmus.io/configured-labels': '["clusterID"]',
    'isthmus.io/largest-free-node': expected,
  });
});

describe('nodeStatus', () => {
  const statusOf = (status: object | null, known: LowerFacts = facts) =>
    nodeStatus(raw<Node>({ status }), settings, known, now);
  const ready = (status: object) => status as { type: string; status: string }[];
  const condition = (known: { conditions?: object[] }, type: string) =>
    ready(known.conditions ?? []).find((entry) => entry.type === type);

  test('whole', () => {
    const fine = (type: string) => ({
      type,
      status: 'False',
      reason: 'VirtualNode',
      message: 'the lower cluster keeps its own nodes from it',
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    });
    expect(statusOf({ phase: 'x', images: [] })).toEqual({
      phase: 'x',
      images: [],
      capacity: { cpu: '4', memory: '8Gi', pods: '110' },
      allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: {
        machineID: '',
        systemUUID: '',
        bootID: '',
        kernelVersion: '6.1',
        osImage: 'Debian',
        containerRuntimeVersion: 'containerd://2',
        kubeletVersion: 'v1.35.4',
        kubeProxyVersion: '',
        operatingSystem: 'windows',
        architecture: 'arm64',
      },
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'LowerClusterReady',
          message: 'it answers',
          lastHeartbeatTime: now,
          lastTransitionTime: now,
        },
        fine('MemoryPressure'),
        fine('DiskPressure'),
        fine('PIDPressure'),
        fine('NetworkUnavailable'),
      ],
    });
  });

  test.each([
    [undefined, facts],
    [{ conditions: [{ type: 'Ready', status: 'Unknown', lastTransitionTime: then }] }, facts],
    [{ conditions: null, capacity: { 'nvidia.com/gpu': '1' } }, nothing],
  ])('written once, it needs no second write', (before, known) => {
    const written = statusOf(before ?? null, known);
    const later = nodeStatus(frozen({ status: written }), settings, known, '2026-01-02T05:00:00Z');
    expect(mergePatch(written, later)).toBeUndefined();
  });

  test('what is not offered any more goes', () => {
    const before = { capacity: { cpu: '4', 'nvidia.com/gpu': '1' }, allocatable: { cpu: '4' } };
    expect(statusOf(before, nothing)).toMatchObject({ capacity: {}, allocatable: {} });
  });

  test('a lost lower cluster makes it not ready', () => {
    const lost = {
      ...facts,
      ready: { isReady: false, reason: 'LowerClusterUnreachable', message: 'no answer' },
    };
    expect(condition(statusOf({}, lost), 'Ready')).toMatchObject({
      status: 'False',
      reason: 'LowerClusterUnreachable',
      message: 'no answer',
    });
  });

  const times = { lastHeartbeatTime: then, lastTransitionTime: then };
  const same = { status: 'True', reason: 'LowerClusterReady', message: 'it answers' };
  test.each<[string, object, object]>([
    ['of a condition that is the same stay', { ...same, ...times }, times],
    [
      'of a status that is the same: since when stays',
      { ...same, message: 'other', ...times },
      { lastHeartbeatTime: now, lastTransitionTime: then },
    ],
    [
      'of a status that changed are new',
      { ...same, status: 'Unknown', ...times },
      { lastHeartbeatTime: now, lastTransitionTime: now },
    ],
    [
      'that are null are new',
      { ...same, lastHeartbeatTime: null, lastTransitionTime: null },
      { lastHeartbeatTime: now, lastTransitionTime: now },
    ],
  ])('times %s', (_, before, expected) => {
    expect(condition(statusOf({ conditions: [{ type: 'Ready', ...before }] }), 'Ready')).toMatchObject(
      expected,
    );
  });

  test('conditions of other types stay', () => {
    const other = { type: 'example.com/Audited', status: 'True' };
    expect(statusOf({ conditions: [other] }).conditions).toContainEqual(other);
  });
});
