import type { PersistentVolumeClaim } from '../kube/types.ts';
import type { ClusterState } from './cluster-state.ts';
import { candidate, isFeasible } from './feasibility.ts';
import type { Candidate } from './filter.ts';
import { bestNode } from './node-score.ts';
import type { PodFacts } from './pod-facts.ts';

/** How many promises without a place are tried again for one change, so that thousands of them cost no more. */
const triesPerChange = 4;

interface Promised {
  pod: Candidate;
  /** Held from outside, until it is released. */
  isHeld: boolean;
  /** Seen below, where it waits for a node. */
  isWaiting: boolean;
  /** The node where it counts now. */
  place?: string | undefined;
}

/**
 * Pods that have a cluster and no node yet. Each is put on the node that kube-scheduler would choose now, and counts
 * there like any pod. So a burst takes as many nodes' rooms as it will; room that no node has in one piece is never
 * counted as free or taken. When the real pods land elsewhere, promises make way to where they still fit.
 */
export class Promises {
  readonly #state: ClusterState;
  readonly #promised = new Map<string, Promised>();
  /** Where they are: keys by node. */
  readonly #byNode = new Map<string, Set<string>>();
  /** Keys that fit nowhere, those first that were tried longest ago. */
  readonly #homeless = new Set<string>();

  constructor(state: ClusterState) {
    this.#state = state;
  }

  keys(): string[] {
    return [...this.#promised.keys()];
  }

  /** Whether what counts under a key is a promise. */
  isPlaced(key: string): boolean {
    return this.#promised.get(key)?.place !== undefined;
  }

  /** Holds room for a pod. One that is there already needs none, unless it is a predecessor that is going. */
  hold(key: string, facts: PodFacts, claims: readonly PersistentVolumeClaim[]): void {
    const there = this.isPlaced(key) ? undefined : this.#state.pods.get(key);
    if (there && !there.isTerminating) return;
    const pod = { ...candidate(facts, claims), key, nodeName: undefined };
    this.#replace({ pod, isHeld: true, isWaiting: this.#promised.get(key)?.isWaiting ?? false });
  }

  /** A pod was seen below that waits for its node. */
  wait(facts: PodFacts): void {
    const before = this.#promised.get(facts.key);
    // What was promised is what arrived, but for what the lower cluster's admission adds.
    const pod = candidate(facts, before?.pod.claimsToCome ?? []);
    this.#replace({ pod, isHeld: before?.isHeld ?? false, isWaiting: true });
  }

  /** A pod is gone below, but may still be promised. */
  stopWaiting(key: string): void {
    const promised = this.#promised.get(key);
    if (!promised?.isWaiting) return;
    if (promised.isHeld) promised.isWaiting = false;
    else this.drop(key);
  }

  /** Gives up a promise; what is seen waiting below goes on holding room. */
  release(key: string): void {
    const promised = this.#promised.get(key);
    if (!promised) return;
    if (promised.isWaiting) promised.isHeld = false;
    else this.drop(key);
  }

  /** Forgets a pod altogether. */
  drop(key: string): void {
    const promised = this.#promised.get(key);
    if (!promised) return;
    this.#leave(key, promised);
    this.#promised.delete(key);
  }

  /** A pod of the same name is there and going: its room counts, and the promise after it. */
  stepAside(key: string): void {
    const promised = this.#promised.get(key);
    if (!promised) return;
    promised.isWaiting = false;
    this.#leave(key, promised);
  }

  /** The pod of the same name has gone. */
  comeForward(key: string): void {
    const promised = this.#promised.get(key);
    if (promised && promised.place === undefined) this.#move(key, promised);
  }

  /** Something came to a node or changed there: what has no room beside it any more finds another place. */
  crowded(nodeName: string): void {
    const slot = this.#state.nodes.slotOf(nodeName);
    for (const key of [...(this.#byNode.get(nodeName) ?? [])]) {
      const promised = this.#promised.get(key);
      const placed = this.#state.pods.remove(key);
      if (!promised || !placed) continue;
      if (slot !== undefined && isFeasible(this.#state, promised.pod, slot)) this.#state.pods.restore(placed);
      else this.#move(key, promised);
    }
  }

  /** Something went from a node, or it is new: what has no place may have one there. */
  eased(nodeName: string): void {
    const slot = this.#state.nodes.slotOf(nodeName);
    if (slot === undefined || this.#homeless.size === 0) return;
    for (const key of [...this.#homeless].slice(0, triesPerChange)) {
      const promised = this.#promised.get(key);
      this.#homeless.delete(key);
      if (!promised) continue;
      if (isFeasible(this.#state, promised.pod, slot)) this.#settle(key, promised, nodeName);
      else this.#homeless.add(key);
    }
  }

  #replace(promised: Promised): void {
    const { key } = promised.pod;
    const before = this.#promised.get(key);
    if (before) this.#leave(key, before);
    this.#promised.set(key, promised);
    // A predecessor that is going has the name until it is gone.
    if (!this.#state.pods.get(key)) this.#move(key, promised);
  }

  #move(key: string, promised: Promised): void {
    this.#leave(key, promised);
    const best = bestNode(this.#state, promised.pod, 'least-allocated');
    const nodeName = best && this.#state.nodes.nameOf(best.slot);
    if (nodeName === undefined) this.#homeless.add(key);
    else this.#settle(key, promised, nodeName);
  }

  #settle(key: string, promised: Promised, nodeName: string): void {
    this.#state.pods.put(promised.pod, nodeName);
    promised.place = nodeName;
    const others = this.#byNode.get(nodeName);
    if (others) others.add(key);
    else this.#byNode.set(nodeName, new Set([key]));
  }

  #leave(key: string, promised: Promised): void {
    this.#homeless.delete(key);
    const { place } = promised;
    if (place === undefined) return;
    promised.place = undefined;
    this.#state.pods.remove(key);
    const others = this.#byNode.get(place);
    others?.delete(key);
    if (others?.size === 0) this.#byNode.delete(place);
  }
}
