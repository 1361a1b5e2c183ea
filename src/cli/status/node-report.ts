import type { Node, Pod } from '../../kube/types.ts';
import { podRequests } from '../../scheduling/pod-requests.ts';
import { addTo, type Resources, readResources } from '../../scheduling/resource-list.ts';
import { isVirtual } from '../../translate/marks.ts';
import { largestFreeNodeAnnotation } from '../../translate/names.ts';
import { isFinished } from '../../translate/pod-status.ts';

/** One resource of a virtual node, in billionths of its unit. */
export interface Share {
  used: bigint;
  of: bigint;
}

/** What there is to say of a virtual node. */
export interface NodeReport {
  name: string;
  isReachable: boolean;
  cpu: Share;
  memory: Share;
  pods: Share;
  /** The cpu and memory on the one lower node that has most free; undefined when it is not known. */
  largestFree: { cpu: bigint; memory: bigint } | undefined;
  /** Pods on it by how they stand: Running, Pending, Failed, or the reason for which they wait or failed. */
  podStates: Map<string, number>;
  /** One line for each thing that is wrong, with the reason. */
  problems: string[];
}

/** Sums up one virtual node and the pods bound to it. */
export function reportNode(node: Node, pods: readonly Pod[]): NodeReport {
  const offered = readResources(node.status?.allocatable);
  const used = new Map<string, bigint>();
  const podStates = new Map<string, number>();
  const waiting = new Map<string, string>();
  for (const pod of pods) {
    if (!isFinished(pod)) addTo(used, podRequests(pod));
    const { state, message } = standingOf(pod);
    podStates.set(state, (podStates.get(state) ?? 0) + 1);
    if (message && !waiting.has(state))
      waiting.set(state, `${pod.metadata?.namespace}/${pod.metadata?.name}: ${oneLine(message)}`);
  }
  const share = (name: string): Share => ({ used: used.get(name) ?? 0n, of: offered.get(name) ?? 0n });
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  return {
    name: node.metadata?.name ?? '',
    isReachable: ready?.status === 'True',
    cpu: share('cpu'),
    memory: share('memory'),
    pods: share('pods'),
    largestFree: largestFreeOf(node),
    podStates,
    problems: [
      ...(ready?.status === 'True' ? [] : [notReady(ready)]),
      ...(node.spec?.unschedulable ? ['cordoned: no new pods are placed here (kubectl uncordon)'] : []),
      ...[...waiting].map(([state, example]) => `${podStates.get(state)} x ${state}, such as ${example}`),
    ],
  };
}

function notReady(ready: { status: string; reason?: string; message?: string } | undefined): string {
  if (!ready) return 'has never reported';
  const { status, reason, message } = ready;
  return oneLine([reason, message].filter(Boolean).join(': ')) || `Ready is ${status}`;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}

interface Standing {
  state: string;
  message?: string;
}

/** How a pod stands in one word, and the message behind it when it is kept from running. */
function standingOf(pod: Pod): Standing {
  if (pod.metadata?.deletionTimestamp) return { state: 'Terminating' };
  if (!isVirtual(pod)) return { state: 'NotVirtual' };
  if (isFinished(pod))
    return told(pod.status?.reason, pod.status?.message) ?? { state: `${pod.status?.phase}` };
  for (const status of [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ]) {
    const { reason, message } = status.state?.waiting ?? {};
    if (reason && message) return { state: reason, message };
  }
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const unplaced = scheduled?.status === 'False' ? told(scheduled.reason, scheduled.message) : undefined;
  return unplaced ?? { state: pod.status?.phase ?? 'Unknown' };
}

function told(reason: string | undefined, message: string | undefined): Standing | undefined {
  return reason ? { state: reason, ...(message ? { message } : {}) } : undefined;
}

function largestFreeOf(node: Node): NodeReport['largestFree'] {
  const text = node.metadata?.annotations?.[largestFreeNodeAnnotation];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const free: Resources = readResources(value as Record<string, string>);
    return { cpu: free.get('cpu') ?? 0n, memory: free.get('memory') ?? 0n };
  } catch {
    return undefined;
  }
}
