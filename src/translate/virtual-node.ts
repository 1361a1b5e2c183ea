import type { Node } from '../kube/types.ts';
import type { AgreedLabels } from './agreed-labels.ts';
import {
  configuredLabelsAnnotation,
  configuredTaintAnnotation,
  largestFreeNodeAnnotation,
  lowerClusterAnnotation,
  virtualNodeLabel,
} from './names.ts';
import { taintText } from './node-taint.ts';

type NodeStatus = NonNullable<Node['status']>;
type NodeCondition = NonNullable<NodeStatus['conditions']>[number];
type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];

/** What the operator configured about a virtual node. */
export interface VirtualNodeSettings {
  readonly name: string;
  /** What messages call the lower cluster. */
  readonly cluster: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taint: Taint | undefined;
  readonly addresses: readonly { type: 'InternalIP' | 'ExternalIP' | 'Hostname'; address: string }[];
  readonly kubeletPort: number;
  /** uid of the lower cluster's kube-system. */
  readonly lowerCluster: string;
}

/** What is known of the lower cluster now. */
export interface LowerFacts {
  readonly ready: { isReady: boolean; reason: string; message: string };
  readonly version: string;
  readonly offered: Record<string, string>;
  readonly largestFree: Record<string, string> | undefined;
  /** What all lower nodes agree on. */
  readonly agreed: AgreedLabels;
  /** Some node of the lower cluster, for the versions of its software. */
  readonly sample: Node | undefined;
}

/** The node as it is first registered: everything but its status. */
export function newVirtualNode(settings: VirtualNodeSettings, facts: LowerFacts): Node {
  return {
    metadata: {
      name: settings.name,
      labels: present(nodeLabels(settings, facts)),
      annotations: {
        [lowerClusterAnnotation]: settings.lowerCluster,
        [configuredLabelsAnnotation]: configuredLabels(settings),
        [configuredTaintAnnotation]: taintText(settings.taint),
      },
    },
    spec: settings.taint ? { taints: [settings.taint] } : {},
  };
}

/**
 * The labels we keep on the node; others are the operator's own. Null is a label that the node must not have: one
 * that speaks of the lower nodes and is not true of all of them, or one that its configuration gave it and gives it
 * no more.
 */
export function nodeLabels(
  settings: VirtualNodeSettings,
  { agreed, sample }: LowerFacts,
  node?: Node,
): Record<string, string | null> {
  return {
    ...Object.fromEntries(formerlyConfigured(node).map((name) => [name, null])),
    'kubernetes.io/hostname': settings.name,
    'kubernetes.io/role': 'agent',
    ...agreed,
    ...(!sample?.status?.nodeInfo && { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' }),
    [virtualNodeLabel.name]: virtualNodeLabel.value,
    ...settings.labels,
  };
}

/** What the annotation of the node says; anybody who may write it can make it say something else. */
function formerlyConfigured(node: Node | undefined): string[] {
  try {
    const names: unknown = JSON.parse(node?.metadata?.annotations?.[configuredLabelsAnnotation] ?? '[]');
    return Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string') : [];
  } catch {
    return [];
  }
}

function configuredLabels({ labels }: VirtualNodeSettings): string {
  return JSON.stringify(Object.keys(labels).sort());
}

function present(labels: Record<string, string | null>): Record<string, string> {
  const entries = Object.entries(labels).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The annotations we keep on the node. */
export function nodeAnnotations(
  settings: VirtualNodeSettings,
  { largestFree }: LowerFacts,
): Record<string, string> {
  return {
    [lowerClusterAnnotation]: settings.lowerCluster,
    [configuredLabelsAnnotation]: configuredLabels(settings),
    // Written also when there is no node: annotations are only added to, and an old one would stay.
    [largestFreeNodeAnnotation]: JSON.stringify(largestFree ?? {}),
  };
}

/**
 * The status of the virtual node. Conditions that did not change keep their times, so that an unchanged world
 * makes an unchanged status; conditions of other types stay.
 *
 * @param now RFC 3339
 */
export function nodeStatus(
  node: Node,
  settings: VirtualNodeSettings,
  facts: LowerFacts,
  now: string,
): NodeStatus {
  const before = node.status?.conditions ?? [];
  const own = conditions(facts).map((condition) => withTimes(condition, before, now));
  const types = new Set(own.map(({ type }) => type));
  return {
    ...node.status,
    capacity: facts.offered,
    allocatable: facts.offered,
    addresses: [...settings.addresses],
    daemonEndpoints: { kubeletEndpoint: { Port: settings.kubeletPort } } as NonNullable<
      NodeStatus['daemonEndpoints']
    >,
    nodeInfo: nodeInfo(facts),
    conditions: [...own, ...before.filter(({ type }) => !types.has(type))],
  };
}

/** Fields that cannot be left out: where nodes differ, what one of them says. */
function nodeInfo({ sample, version }: LowerFacts): NonNullable<NodeStatus['nodeInfo']> {
  const info = sample?.status?.nodeInfo;
  return {
    machineID: '',
    systemUUID: '',
    bootID: '',
    kernelVersion: info?.kernelVersion ?? '',
    osImage: info?.osImage ?? '',
    containerRuntimeVersion: info?.containerRuntimeVersion ?? '',
    kubeletVersion: version,
    kubeProxyVersion: '',
    operatingSystem: info?.operatingSystem ?? 'linux',
    architecture: info?.architecture ?? 'amd64',
  };
}

function conditions({ ready }: LowerFacts): NodeCondition[] {
  const fine = (type: string): NodeCondition => ({
    type,
    status: 'False',
    reason: 'VirtualNode',
    message: 'the lower cluster keeps its own nodes from it',
  });
  return [
    { type: 'Ready', status: ready.isReady ? 'True' : 'False', reason: ready.reason, message: ready.message },
    fine('MemoryPressure'),
    fine('DiskPressure'),
    fine('PIDPressure'),
    fine('NetworkUnavailable'),
  ];
}

function withTimes(condition: NodeCondition, before: NodeCondition[], now: string): NodeCondition {
  const old = before.find(({ type }) => type === condition.type);
  const isSame =
    old?.status === condition.status && old.reason === condition.reason && old.message === condition.message;
  return {
    ...condition,
    lastHeartbeatTime: (isSame && old.lastHeartbeatTime) || now,
    lastTransitionTime: (old?.status === condition.status && old.lastTransitionTime) || now,
  };
}
