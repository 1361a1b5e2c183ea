import type { Node, Pod } from '../kube/types.ts';
import { podRequests } from './pod-requests.ts';
import { addTo, type Resources, readResources, subtract } from './resource-list.ts';

/** Whether new pods may be placed on a node at all: Ready and not cordoned. */
export function isOpen(node: Node): boolean {
  if (node.spec?.unschedulable) return false;
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** The room on one node. */
export interface NodeRoom {
  /** Allocatable less what pods that are not ours request: what a virtual node may offer. */
  offered: Resources;
  /** Allocatable less what all pods request: what is free now. */
  free: Resources;
}

/** The room on a lower node with these pods on it; none when it takes no pods. */
export function nodeRoom(
  node: Node,
  pods: Iterable<Pod>,
  isOurs: (pod: Pod) => boolean,
): NodeRoom | undefined {
  if (!isOpen(node)) return undefined;
  const foreign = new Map<string, bigint>();
  const all = new Map<string, bigint>();
  for (const pod of pods) {
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') continue;
    const requests = countedRequests(pod);
    addTo(all, requests);
    if (!isOurs(pod)) addTo(foreign, requests);
  }
  const allocatable = readResources(node.status?.allocatable);
  return { offered: subtract(allocatable, foreign), free: subtract(allocatable, all) };
}

/** A pod counts again whenever another on its node changes; the object itself never does. */
const counted = new WeakMap<Pod, Resources>();

function countedRequests(pod: Pod): Resources {
  const known = counted.get(pod);
  if (known) return known;
  const requests = podRequests(pod);
  counted.set(pod, requests);
  return requests;
}

/** The sum over nodes of what they offer. */
export function totalOffered(rooms: Iterable<NodeRoom>): Resources {
  const sum = new Map<string, bigint>();
  for (const { offered } of rooms) addTo(sum, offered);
  return sum;
}

/**
 * The room of the node that has most of its scarcer side free (by the share of cpu and of memory, whichever is
 * smaller, of the largest node) and a place for a pod: what the largest single pod may hope for. The sum over
 * nodes hides this. Of several alike it is the one with most places, whatever the order of the nodes.
 */
export function largestFree(rooms: Iterable<NodeRoom>): Resources | undefined {
  const candidates = [...rooms];
  const most = (name: string) => candidates.reduce((peak, { free }) => Math.max(peak, amount(free, name)), 1);
  const scale = { cpu: most('cpu'), memory: most('memory') };
  const score = ({ free }: NodeRoom) =>
    free.get('pods') ? Math.min(amount(free, 'cpu') / scale.cpu, amount(free, 'memory') / scale.memory) : 0;
  let best: NodeRoom | undefined;
  for (const room of candidates) if (!best || isRoomier(room, best, score)) best = room;
  return best?.free;
}

function isRoomier(room: NodeRoom, other: NodeRoom, score: (room: NodeRoom) => number): boolean {
  const difference = score(room) - score(other);
  if (difference !== 0) return difference > 0;
  const name = ['pods', 'cpu', 'memory'].find((each) => amount(room.free, each) !== amount(other.free, each));
  return name !== undefined && amount(room.free, name) > amount(other.free, name);
}

function amount(resources: Resources, name: string): number {
  return Number(resources.get(name) ?? 0n);
}
