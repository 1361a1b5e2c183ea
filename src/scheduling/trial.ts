import type { ClusterState } from './cluster-state.ts';
import { candidate, isFeasible } from './feasibility.ts';
import { bestNode } from './node-score.ts';
import type { PodFacts } from './pod-facts.ts';
import type { PlacedPod } from './pod-table.ts';

/** What would be if pods went and others came. It changes the state itself, and must be undone before anything else. */
export class Trial {
  readonly #state: ClusterState;
  readonly #steps: (() => void)[] = [];

  constructor(state: ClusterState) {
    this.#state = state;
  }

  get nodeNames(): readonly string[] {
    return [...this.#state.nodes.slots()].flatMap((slot) => this.#state.nodes.nameOf(slot) ?? []);
  }

  /** What lacks on a node for a pod, as the largest part of what the pod asks for: 0 when there is room. */
  lack(nodeName: string, facts: PodFacts): number {
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
    const removed: PlacedPod | undefined = this.#state.pods.remove(key);
    if (removed) this.#steps.push(() => this.#state.pods.restore(removed));
  }

  /** Puts a pod on a node if it fits there; a pod of its key must have been removed. */
  placeOn(nodeName: string, facts: PodFacts): boolean {
    const slot = this.#state.nodes.slotOf(nodeName);
    if (slot === undefined || !isFeasible(this.#state, candidate(facts), slot)) return false;
    this.#put(facts, nodeName);
    return true;
  }

  /** Puts a pod where kube-scheduler would; false when it fits nowhere. A pod of its key must have been removed. */
  place(facts: PodFacts): boolean {
    const best = bestNode(this.#state, candidate(facts), 'least-allocated');
    const nodeName = best && this.#state.nodes.nameOf(best.slot);
    if (nodeName === undefined) return false;
    this.#put(facts, nodeName);
    return true;
  }

  /** How far it has gone, for {@link undo}. */
  get mark(): number {
    return this.#steps.length;
  }

  /** Takes back everything, or what came after a mark. */
  undo(mark = 0): void {
    while (this.#steps.length > mark) this.#steps.pop()?.();
  }

  #put(facts: PodFacts, nodeName: string): void {
    this.#state.pods.put(facts, nodeName);
    this.#steps.push(() => this.#state.pods.remove(facts.key));
  }
}
