import type { Node, Pod } from '../kube/types.ts';
import { type Amount, allocatableOf, amountsOf } from '../scheduling/amounts.ts';
import { podRequests } from '../scheduling/pod-requests.ts';
import { reach } from '../scheduling/reach.ts';
import { atLeast, emptiness, evenness } from '../scheduling/scores/allocation.ts';

/** What a virtual pod takes of the virtual node that it is on or goes to. */
interface Burden {
  readonly nodeName: string;
  readonly uid: string | undefined;
  readonly generation: number | undefined;
  readonly cpu: number;
  readonly memory: number;
  readonly owner: string | undefined;
  /** Whether it was seen on the node; otherwise we sent it there. */
  isBound: boolean;
}

interface NodeLoad {
  cpu: number;
  memory: number;
  /** How many pods of each owner. */
  readonly owners: Map<string, number>;
}

const nothing: Omit<NodeLoad, 'owners'> = { cpu: 0, memory: 0 };
/** As kube-scheduler weighs its own spreading of pods that have an owner (PodTopologySpread, systemDefaulting). */
const spreadWeight = 2;

/**
 * How full the virtual nodes are as kube-scheduler sees them: by what they offer, by the pods that are bound to them, and
 * by those that we sent there and whose binding is not seen yet.
 */
export class UpperLoad {
  readonly #nodeOf: (name: string) => Node | undefined;
  readonly #burdens = new Map<string, Burden>();
  readonly #loads = new Map<string, NodeLoad>();
  readonly #offers = new WeakMap<Node, readonly Amount[]>();

  /** @param nodeOf a virtual node with what it offers, if there is one of the name */
  constructor(nodeOf: (name: string) => Node | undefined) {
    this.#nodeOf = nodeOf;
  }

  /** A virtual pod was seen above, or is gone (without the pod). One that is not bound stays where we sent it. */
  apply(key: string, pod: Pod | undefined): void {
    if (pod?.spec?.nodeName) this.#put(key, pod, pod.spec.nodeName, true);
    // No pod leaves its node: one that is on none has the name of another, whose end a new list did not tell.
    else if (!pod || this.#burdens.get(key)?.isBound) this.#remove(key);
  }

  /** The pod is sent to this virtual node. One that was seen bound stays: whoever asks for it is late. */
  expect(key: string, pod: Pod, nodeName: string): void {
    if (!this.#burdens.get(key)?.isBound) this.#put(key, pod, nodeName, false);
  }

  /** The pod is sent somewhere else, or its binding is waited for no more. One that was seen bound stays. */
  forget(key: string): void {
    if (!this.#burdens.get(key)?.isBound) this.#remove(key);
  }

  #put(key: string, pod: Pod, nodeName: string, isBound: boolean): void {
    const { uid, generation } = pod.metadata ?? {};
    const known = this.#burdens.get(key);
    // Of the many changes of a pod only those of its spec matter.
    if (known?.nodeName === nodeName && known.uid === uid && known.generation === generation) {
      known.isBound = isBound;
      return;
    }
    this.#remove(key);
    const burden = { nodeName, uid, generation, owner: ownerOf(pod), isBound, ...asked(pod) };
    this.#burdens.set(key, burden);
    const load = reach(this.#loads, nodeName, () => ({ ...nothing, owners: new Map<string, number>() }));
    count(load, burden, 1);
  }

  #remove(key: string): void {
    const burden = this.#burdens.get(key);
    if (!burden) return;
    this.#burdens.delete(key);
    const load = this.#loads.get(burden.nodeName);
    if (load) count(load, burden, -1);
  }

  /**
   * How well each virtual node suits a pod by kube-scheduler's default scores for pods without wishes: how empty it would
   * be, how evenly used, and how few pods of the same owner are there. 0 to 400; can only be compared with each other.
   */
  scores(pod: Pod, nodeNames: readonly string[]): number[] {
    const { cpu, memory } = asked(pod);
    const owner = ownerOf(pod);
    const kin = nodeNames.map((name) => (owner && this.#loads.get(name)?.owners.get(owner)) || 0);
    const most = kin.reduce((one, other) => Math.max(one, other), 0);
    return nodeNames.map((name, index) => {
      const { cpu: cpuTaken, memory: memoryTaken } = this.#loads.get(name) ?? nothing;
      const offered = this.#offered(name);
      const cpuLeft = share(offered, 'cpu', cpuTaken + cpu);
      const memoryLeft = share(offered, 'memory', memoryTaken + memory);
      const spread = most > 0 ? 1 - (kin[index] ?? 0) / most : 0;
      return 100 * (emptiness(cpuLeft, memoryLeft) + evenness(cpuLeft, memoryLeft) + spreadWeight * spread);
    });
  }

  #offered(name: string): readonly Amount[] {
    const node = this.#nodeOf(name);
    return node ? reach(this.#offers, node, () => allocatableOf(node.status?.allocatable)) : [];
  }
}

function count(load: NodeLoad, { cpu, memory, owner }: Burden, sign: 1 | -1): void {
  load.cpu += sign * cpu;
  load.memory += sign * memory;
  if (owner === undefined) return;
  const left = (load.owners.get(owner) ?? 0) + sign;
  if (left > 0) load.owners.set(owner, left);
  else load.owners.delete(owner);
}

function asked(pod: Pod): { cpu: number; memory: number } {
  const requests = amountsOf(podRequests(pod));
  const of = (resource: 'cpu' | 'memory') => amountOf(requests, resource) ?? atLeast[resource];
  return { cpu: of('cpu'), memory: of('memory') };
}

/** What is left of an offer, 0 to 1. */
function share(offered: readonly Amount[], resource: string, taken: number): number {
  const there = amountOf(offered, resource) ?? 0;
  return there > 0 ? Math.max(0, (there - taken) / there) : 0;
}

function amountOf(amounts: readonly Amount[], resource: string): number | undefined {
  return amounts.find((each) => each.resource === resource)?.amount;
}

function ownerOf({ metadata }: Pod): string | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller)?.uid;
}
