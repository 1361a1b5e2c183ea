import { AntiAffinityIndex } from './anti-affinity-index.ts';
import { GroupIndex } from './group-index.ts';
import { HostPorts } from './host-ports.ts';
import type { NodeTable } from './node-table.ts';
import type { ClaimUse, PodFacts } from './pod-facts.ts';
import { count, groupIdentity, newGroup, type PodGroup } from './pod-group.ts';
import { reach } from './reach.ts';

/** A pod on a node, as little of it as filters need. */
export interface PlacedPod {
  readonly key: string;
  readonly group: PodGroup;
  readonly nodeName: string;
  readonly claims: readonly ClaimUse[];
  readonly isTerminating: boolean;
}

/** The pods of a node, and how often the claims that they use have changed. */
interface NodePods {
  readonly pods: Set<PlacedPod>;
  claimChanges: number;
}

const noClaims: readonly ClaimUse[] = [];

/** The pods on nodes, counted where they are: resources, ports, labels and terms, each in its index. */
export class PodTable {
  readonly groups = new GroupIndex();
  readonly antiAffinity = new AntiAffinityIndex();
  readonly ports = new HostPorts();
  /** How many pods use a claim, by the claim's key. */
  readonly claimUsers = new Map<string, number>();
  readonly #nodes: NodeTable;
  readonly #pods = new Map<string, PlacedPod>();
  readonly #byNode = new Map<string, NodePods>();
  readonly #known = new Map<string, PodGroup>();
  #claimChanges = 0;

  constructor(nodes: NodeTable) {
    this.#nodes = nodes;
  }

  get(key: string): PlacedPod | undefined {
    return this.#pods.get(key);
  }

  /** The pods on a node, known or not. */
  on(nodeName: string): Iterable<PlacedPod> {
    return this.#byNode.get(nodeName)?.pods ?? [];
  }

  /** Another number whenever the pods of a node that use claims have changed; 0 when there were none. */
  claimChanges(nodeName: string): number {
    return this.#byNode.get(nodeName)?.claimChanges ?? 0;
  }

  /** Puts a pod on a node, in place of what had its key. False when nothing changed: most updates are of status. */
  put(facts: PodFacts, nodeName: string): boolean {
    const identity = groupIdentity(facts);
    const { key, isTerminating } = facts;
    const before = this.#pods.get(key);
    // Neither the claims of a pod nor its node change while it lives; one of the same name that came after it can differ.
    const claims = facts.claims.length > 0 ? facts.claims : noClaims;
    const isSame =
      before?.group.identity === identity &&
      before.nodeName === nodeName &&
      before.isTerminating === isTerminating &&
      before.claims.map(({ name }) => name).join() === claims.map(({ name }) => name).join();
    if (isSame) return false;
    const group = this.#known.get(identity) ?? newGroup(identity, facts);
    this.restore({ key, group, nodeName, claims, isTerminating });
    return true;
  }

  /** Puts back what {@link remove} took away. */
  restore(pod: PlacedPod): void {
    this.remove(pod.key);
    const { group } = pod;
    this.#pods.set(pod.key, pod);
    group.size += 1;
    if (group.size === 1) {
      this.#known.set(group.identity, group);
      this.groups.add(group);
      this.antiAffinity.add(group);
    }
    const others = reach(this.#byNode, pod.nodeName, () => ({ pods: new Set<PlacedPod>(), claimChanges: 0 }));
    others.pods.add(pod);
    if (pod.claims.length > 0) others.claimChanges = this.#nextChange();
    this.#countClaims(pod, 1);
    const slot = this.#nodes.slotOf(pod.nodeName);
    if (slot !== undefined) this.#count(pod, slot);
  }

  /** Takes a pod away and returns it. */
  remove(key: string): PlacedPod | undefined {
    const pod = this.#pods.get(key);
    if (!pod) return undefined;
    const { group } = pod;
    this.#pods.delete(key);
    const others = this.#byNode.get(pod.nodeName);
    others?.pods.delete(pod);
    if (others && pod.claims.length > 0) others.claimChanges = this.#nextChange();
    if (others?.pods.size === 0) this.#byNode.delete(pod.nodeName);
    this.#countClaims(pod, -1);
    const slot = this.#nodes.slotOf(pod.nodeName);
    if (slot !== undefined) this.#discount(pod, slot);
    group.size -= 1;
    if (group.size === 0) {
      this.#known.delete(group.identity);
      this.groups.remove(group);
      this.antiAffinity.remove(group);
    }
    return pod;
  }

  /** Counts the pods of a node that has become known. */
  attach(nodeName: string, slot: number): void {
    for (const pod of this.on(nodeName)) this.#count(pod, slot);
  }

  /** Counts the pods of a node no more, before it is forgotten. */
  detach(nodeName: string, slot: number): void {
    for (const pod of this.on(nodeName)) this.#discount(pod, slot);
  }

  #nextChange(): number {
    this.#claimChanges += 1;
    return this.#claimChanges;
  }

  #count({ group, isTerminating }: PlacedPod, slot: number): void {
    this.#nodes.resources.take(slot, group.requests);
    for (const port of group.ports) this.ports.use(slot, port);
    count(group.slots, slot, 1);
    if (isTerminating) count(group.terminating, slot, 1);
  }

  #discount(pod: PlacedPod, slot: number): void {
    const { group } = pod;
    if (!this.#nodes.resources.give(slot, group.requests)) this.#recount(pod, slot);
    for (const port of group.ports) this.ports.free(slot, port);
    count(group.slots, slot, -1);
    if (pod.isTerminating) count(group.terminating, slot, -1);
  }

  #recount(without: PlacedPod, slot: number): void {
    this.#nodes.resources.clearRequested(slot);
    for (const pod of this.on(without.nodeName)) {
      if (pod !== without) this.#nodes.resources.take(slot, pod.group.requests);
    }
  }

  #countClaims({ group: { namespace }, claims }: PlacedPod, change: 1 | -1): void {
    for (const { name } of claims) {
      const key = `${namespace}/${name}`;
      const users = (this.claimUsers.get(key) ?? 0) + change;
      if (users > 0) this.claimUsers.set(key, users);
      else this.claimUsers.delete(key);
    }
  }
}
