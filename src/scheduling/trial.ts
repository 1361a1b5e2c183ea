import type { ClusterState } from './cluster-state.ts';
import { candidate, isFeasible, isRefusedAnywhere } from './feasibility.ts';
import type { Candidate } from './filter.ts';
import type { InFlight } from './in-flight.ts';
import { bestNode } from './node-score.ts';
import type { PodFacts } from './pod-facts.ts';
import type { PlacedPod } from './pod-table.ts';

/** Each is given a place before anything is tried; with more on their way it is too early to say anything. */
const mostOnTheWay = 100;
/** kube-scheduler compares as many of few nodes (minFeasibleNodesToFind). */
const mostCompared = 100;

/**
 * What would be if pods went and others came, for a pod of some key. It changes the state itself, and must be ended
 * before anything else. Those that are on their way, but for the pod itself, are where kube-scheduler would put them now.
 */
export class Trial {
  readonly #state: ClusterState;
  readonly #inFlight: InFlight;
  readonly #key: string;
  readonly #steps: (() => void)[] = [];
  /** What takes back the places of those that are on their way; undefined before anything was tried. */
  #placed: (() => void)[] | undefined;

  constructor(state: ClusterState, inFlight: InFlight, key: string) {
    this.#state = state;
    this.#inFlight = inFlight;
    this.#key = key;
  }

  /** Whether so many are on their way that nothing can be said now. */
  get isCrowded(): boolean {
    return this.#inFlight.size > mostOnTheWay;
  }

  /** Whether a pod fits on no node, whoever goes. */
  isInVain(facts: PodFacts): boolean {
    return isRefusedAnywhere(this.#state, candidate(facts));
  }

  get nodeNames(): readonly string[] {
    return [...this.#state.nodes.slots()].flatMap((slot) => this.#state.nodes.nameOf(slot) ?? []);
  }

  /** What lacks on a node for a pod, as the largest part of what the pod asks for: 0 when there is room. */
  lack(nodeName: string, facts: PodFacts): number {
    this.#begin();
    const slot = this.#state.nodes.slotOf(nodeName);
    if (slot === undefined) return Number.POSITIVE_INFINITY;
    const parts = facts.requests.map(({ resource, amount }) => {
      const free = this.#state.nodes.resources.column(resource)?.free(slot) ?? 0;
      return (amount - free) / amount;
    });
    return Math.max(0, ...parts);
  }

  /** The keys of the pods on a node. */
  podsOn(nodeName: string): string[] {
    return [...this.#state.pods.on(nodeName)].map(({ key }) => key);
  }

  /** Takes a pod away, if it is there. */
  remove(key: string): void {
    this.#begin();
    const removed: PlacedPod | undefined = this.#state.pods.remove(key);
    if (removed) this.#steps.push(() => this.#state.pods.restore(removed));
  }

  /** Puts a pod on a node if it fits there; a pod of its key must have been removed. */
  placeOn(nodeName: string, facts: PodFacts): boolean {
    this.#begin();
    const slot = this.#state.nodes.slotOf(nodeName);
    if (slot === undefined || !isFeasible(this.#state, candidate(facts), slot)) return false;
    this.#put(facts, nodeName);
    return true;
  }

  /** Puts a pod where kube-scheduler would; false when it fits nowhere. A pod of its key must have been removed. */
  place(facts: PodFacts): boolean {
    if (this.isCrowded) return false;
    this.#begin();
    const nodeName = this.#bestNode(candidate(facts));
    if (nodeName === undefined) return false;
    this.#put(facts, nodeName);
    return true;
  }

  /** How far it has gone, for {@link undo}. */
  get mark(): number {
    return this.#steps.length;
  }

  /** Takes back what was tried, all of it or what came after a mark. */
  undo(mark = 0): void {
    while (this.#steps.length > mark) this.#steps.pop()?.();
  }

  /** Leaves the state as it was. */
  end(): void {
    this.undo();
    while (this.#placed?.length) this.#placed.pop()?.();
    this.#placed = undefined;
  }

  #begin(): void {
    if (this.#placed) return;
    const placed: (() => void)[] = [];
    this.#placed = placed;
    if (this.isCrowded) return;
    for (const { key, podKey, pod } of this.#inFlight.pods()) {
      const nodeName = podKey === this.#key ? undefined : this.#bestNode(pod, mostCompared);
      if (nodeName === undefined) continue;
      // Never that of a pod which is there: one of the same name may be going.
      const own = `${key} on its way there`;
      this.#state.pods.put({ ...pod, key: own }, nodeName);
      placed.push(() => this.#state.pods.remove(own));
    }
  }

  #bestNode(pod: Candidate, most?: number): string | undefined {
    const best = bestNode(this.#state, pod, 'least-allocated', most);
    return best && this.#state.nodes.nameOf(best.slot);
  }

  #put(facts: PodFacts, nodeName: string): void {
    this.#state.pods.put(facts, nodeName);
    this.#steps.push(() => this.#state.pods.remove(facts.key));
  }
}
