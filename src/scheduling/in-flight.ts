import type { Assurance } from './assurance.ts';
import type { ClusterState } from './cluster-state.ts';
import { assure, type Rival, rivalOf, sharesOf } from './contention.ts';
import { feasibleSlots } from './feasibility.ts';
import type { Candidate } from './filter.ts';
import { isCounted, isDrawn } from './rivalry.ts';

/**
 * How sure a pod's place in a cluster is: `certain` when it finds one and takes none from those that are on their way,
 * `contested` when they must have come first to know, `none` when no node takes it.
 */
export type Certainty = 'certain' | 'contested' | 'none';

/**
 * So many pods may be on their way to a cluster at once. A lower scheduler places a hundred in a second; and what each
 * may do to each other is asked for every one.
 */
const most = 256;

interface Traveller {
  rival: Rival;
  /** NodeTable.changes when the rival was made. */
  nodeChanges: number;
  /** Nodes that are sure to take it; to be looked for again when there are none. */
  assurance: Assurance | undefined;
  /** The pod that asked last and is counted in the assurance already. */
  counted: string | undefined;
}

/**
 * Pods that are on their way to a cluster and have no node there yet. Which node they get is up to the lower scheduler,
 * which takes them in an order of its own; so none is assumed. A pod may only follow when every one of them is sure to
 * find a place all the same.
 */
export class InFlight {
  readonly #state: ClusterState;
  readonly #travellers = new Map<string, Traveller>();

  constructor(state: ClusterState) {
    this.#state = state;
  }

  /** A pod is on its way; one of the same key before it is not any more. */
  add(key: string, pod: Candidate): void {
    this.#travellers.delete(key);
    const rival = rivalOf(this.#state, pod);
    for (const traveller of this.#travellers.values()) this.#count(traveller, rival);
    const nodeChanges = this.#state.nodes.changes;
    this.#travellers.set(key, { rival, nodeChanges, assurance: undefined, counted: undefined });
  }

  /** A pod has come, or does not come any more. */
  remove(key: string): void {
    this.#travellers.delete(key);
  }

  /** Something came to a node or changed there: what was sure of it need not be any more. */
  unsettle(slot: number): void {
    for (const traveller of this.#travellers.values())
      if (traveller.assurance?.slots.includes(slot)) traveller.assurance = undefined;
  }

  /** The same of every node. */
  unsettleAll(): void {
    for (const traveller of this.#travellers.values()) traveller.assurance = undefined;
  }

  /** Asks for a pod what its place would be; it is no rival of its own. */
  certainty(pod: Candidate): Certainty {
    const others = [...this.#travellers.values()].filter(({ rival }) => rival.pod.key !== pod.key);
    const fits = !feasibleSlots(this.#state, pod).next().done;
    if (others.length === 0) return fits ? 'certain' : 'none';
    if (!fits) return others.some(({ rival }) => mayOpen(this.#state, pod, rival.pod)) ? 'contested' : 'none';
    if (others.length >= most) return 'contested';
    const newcomer = rivalOf(this.#state, pod);
    const rivals = others.map((other) => this.#current(other));
    if (!assure(this.#state, newcomer, rivals)) return 'contested';
    return others.every((other) => this.#isSureBeside(other, newcomer, rivals)) ? 'certain' : 'contested';
  }

  #isSureBeside(traveller: Traveller, newcomer: Rival, rivals: readonly Rival[]): boolean {
    const { rival, assurance } = traveller;
    const shares = sharesOf(this.#state, rival, newcomer);
    if (shares && (shares.count === 0 || assurance?.isEnoughBeside(shares))) return true;
    const others = rivals.filter((other) => other !== rival);
    traveller.assurance = assure(this.#state, rival, [...others, newcomer]);
    traveller.counted = newcomer.pod.key;
    return traveller.assurance !== undefined;
  }

  #count(traveller: Traveller, newcomer: Rival): void {
    const { rival, assurance } = traveller;
    if (!assurance || traveller.counted === newcomer.pod.key) return;
    const shares = sharesOf(this.#state, rival, newcomer);
    if (shares) assurance.count(shares);
    else traveller.assurance = undefined;
  }

  /** Nodes that became others since may be within reach now. */
  #current(traveller: Traveller): Rival {
    const { changes } = this.#state.nodes;
    if (traveller.nodeChanges !== changes) {
      traveller.rival = rivalOf(this.#state, traveller.rival.pod);
      traveller.nodeChanges = changes;
    }
    return traveller.rival;
  }
}

/** Whether a pod that fits nowhere may fit once another is there. */
function mayOpen(state: ClusterState, pod: Candidate, other: Candidate): boolean {
  return isCounted(pod, other) || isDrawn(state, pod, other);
}
