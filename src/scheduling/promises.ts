import type { PersistentVolumeClaim } from '../kube/types.ts';
import type { ClusterState } from './cluster-state.ts';
import { candidate, isFeasible } from './feasibility.ts';
import type { Candidate } from './filter.ts';
import { InFlight } from './in-flight.ts';
import { bestNode } from './node-score.ts';
import type { PodFacts } from './pod-facts.ts';

/** How many promises without a place are tried again for one change, so that thousands of them cost no more. */
const triesPerChange = 4;

interface Promised {
  pod: Candidate;
  /** Held from outside, until it is released. */
  isHeld: boolean;
  /** How it was seen below without a node: the scheduler there has not looked at it yet, or has found none. */
  seen: 'waiting' | 'refused' | undefined;
  /** It is not believed any more that it comes soon. */
  isLate: boolean;
  /** The node where it counts now. */
  place?: string | undefined;
}

/**
 * Pods that have a cluster and no node yet. Those that were promised room are on their way, and who follows them must
 * leave them theirs, wherever that will be. Others that wait below, and those that come late or for which the lower
 * scheduler has found no node, may wait for ever: each is put on the node that kube-scheduler would choose now, if there
 * is one, and counts there like any pod. When real pods land there they make way to where they still fit.
 */
export class Promises {
  readonly inFlight: InFlight;
  readonly #state: ClusterState;
  readonly #promised = new Map<string, Promised>();
  /** Where they are: keys by node. */
  readonly #byNode = new Map<string, Set<string>>();
  /** Keys that fit nowhere, those first that were tried longest ago. */
  readonly #homeless = new Set<string>();

  constructor(state: ClusterState) {
    this.#state = state;
    this.inFlight = new InFlight(state);
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
    const pod = { ...candidate(facts, claims), nodeName: undefined };
    this.#replace(key, { pod, isHeld: true, seen: this.#promised.get(key)?.seen, isLate: false });
  }

  /** A pod was seen below that has no node; refused when the scheduler there has said that it finds none. */
  wait(facts: PodFacts, isRefused: boolean): void {
    const { key } = facts;
    const before = this.#promised.get(key);
    // What was promised is what arrived, but for what the lower cluster's admission adds.
    const pod = candidate(facts, before?.pod.claimsToCome);
    const seen = isRefused ? 'refused' : 'waiting';
    this.#replace(key, { pod, isHeld: before?.isHeld ?? false, seen, isLate: before?.isLate ?? false });
  }

  /** A promised pod has been on its way for too long. */
  defer(key: string): void {
    const promised = this.#promised.get(key);
    if (promised && !promised.isLate) this.#replace(key, { ...promised, isLate: true });
  }

  /** A pod is gone below, but may still be promised. */
  stopWaiting(key: string): void {
    const promised = this.#promised.get(key);
    if (!promised?.seen) return;
    if (promised.isHeld) this.#replace(key, { ...promised, seen: undefined });
    else this.drop(key);
  }

  /** Gives up a promise; what is seen waiting below goes on holding room. */
  release(key: string): void {
    const promised = this.#promised.get(key);
    if (!promised) return;
    if (promised.seen) this.#replace(key, { ...promised, isHeld: false });
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
    promised.seen = undefined;
    this.#leave(key, promised);
    if (isOnItsWay(promised)) this.inFlight.add(key, promised.pod);
  }

  /** The pod of the same name has gone. */
  comeForward(key: string): void {
    const promised = this.#promised.get(key);
    if (promised && !isOnItsWay(promised) && promised.place === undefined) this.#move(key, promised);
  }

  /** Something came to a node or changed there: what has no room beside it any more finds another place. */
  crowded(nodeName: string): void {
    const slot = this.#state.nodes.slotOf(nodeName);
    if (slot !== undefined) this.inFlight.unsettle(slot);
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

  #replace(key: string, promised: Promised): void {
    const before = this.#promised.get(key);
    if (before) this.#leave(key, before);
    this.#promised.set(key, promised);
    if (isOnItsWay(promised)) this.inFlight.add(key, promised.pod);
    // A predecessor that is going has the name until it is gone.
    else if (!this.#state.pods.get(key)) this.#move(key, promised);
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
    const slot = this.#state.nodes.slotOf(nodeName);
    if (slot !== undefined) this.inFlight.unsettle(slot);
    promised.place = nodeName;
    const others = this.#byNode.get(nodeName);
    if (others) others.add(key);
    else this.#byNode.set(nodeName, new Set([key]));
  }

  #leave(key: string, promised: Promised): void {
    this.#homeless.delete(key);
    this.inFlight.remove(key);
    const { place } = promised;
    if (place === undefined) return;
    promised.place = undefined;
    this.#state.pods.remove(key);
    const others = this.#byNode.get(place);
    others?.delete(key);
    if (others?.size === 0) this.#byNode.delete(place);
  }
}

function isOnItsWay({ isHeld, seen, isLate }: Promised): boolean {
  return isHeld && seen !== 'refused' && !isLate;
}
