import type { Assurance } from './assurance.ts';
import type { ClusterState } from './cluster-state.ts';
import { assure, type Crowd, type Rival, rivalOf, sharesOf } from './contention.ts';
import { feasibleSlots, mayBeFeasible } from './feasibility.ts';
import type { Candidate } from './filter.ts';
import { likeness } from './likeness.ts';
import { isCounted, isDrawn } from './rivalry.ts';

/**
 * How sure a pod's place in a cluster is: `certain` when it finds one and takes none from those that are on their way,
 * `contested` when those must have come before it can be said, `none` when no node takes it.
 */
export type Certainty = 'certain' | 'contested' | 'none';

/** So many kinds of pods may be on their way to a cluster at once: each is asked what the others may do to it. */
const mostKinds = 256;

/**
 * For one answer so many pairs of kinds are looked at anew, a pair counted as often as it has terms. After a restart, or
 * when many nodes changed, there may be tens of thousands: the next answers go on with what this one left.
 */
const mostPairs = 5_000;

/** Pods on their way that are alike. */
interface Kind {
  rival: Rival;
  /** NodeTable.changes when the rival was made. */
  nodeChanges: number;
  count: number;
  /** Nodes that are sure to take each of them, as far as known; to be looked for again when there are none. */
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
  readonly #kinds = new Map<string, Kind>();
  /** By key: the kind of a pod, and the pod's own key. */
  readonly #travellers = new Map<string, { readonly kind: Kind; readonly podKey: string }>();

  /** Who asked last, and what was sure of it; the latter as long as nobody else has come or gone. */
  #asked: Pick<Kind, 'rival' | 'nodeChanges' | 'assurance'> | undefined;

  constructor(state: ClusterState) {
    this.#state = state;
  }

  /** A pod is on its way; one of the same key before it is not any more. */
  add(key: string, pod: Candidate): void {
    this.remove(key);
    const identity = likeness(pod);
    const known = this.#kinds.get(identity);
    const kind = known ?? this.#kindOf(pod);
    this.#kinds.set(identity, kind);
    for (const each of this.#kinds.values())
      if (each !== kind || known) this.#count(each, kind.rival, pod.key);
    this.#forgetAsked();
    kind.count += 1;
    this.#travellers.set(key, { kind, podKey: pod.key });
  }

  /** A pod has come, or does not come any more. */
  remove(key: string): void {
    const traveller = this.#travellers.get(key);
    if (!traveller) return;
    const { kind } = traveller;
    this.#travellers.delete(key);
    this.#forgetAsked();
    kind.count -= 1;
    const { identity } = kind.rival;
    if (kind.count === 0) this.#kinds.delete(identity);
    for (const { assurance } of this.#kinds.values()) assurance?.discount(identity);
  }

  /** How many are on their way. */
  get size(): number {
    return this.#travellers.size;
  }

  /** Who is on the way, each under the key by which it is. */
  *pods(): IterableIterator<{ readonly key: string; readonly podKey: string; readonly pod: Candidate }> {
    for (const [key, { kind, podKey }] of this.#travellers) yield { key, podKey, pod: kind.rival.pod };
  }

  /** Something came to a node or changed there: what was sure of it need not be any more. */
  unsettle(slot: number): void {
    this.#forgetAsked();
    for (const kind of this.#kinds.values())
      if (kind.assurance?.leave(slot) === false) kind.assurance = undefined;
  }

  /** The same of every node. */
  unsettleAll(): void {
    this.#forgetAsked();
    for (const kind of this.#kinds.values()) kind.assurance = undefined;
  }

  /** Asks for a pod what its place would be; it is no rival of its own. */
  certainty(pod: Candidate): Certainty {
    const itself = this.#travellers.get(pod.key);
    const own = itself?.podKey === pod.key ? itself.kind : undefined;
    const crowds = [...this.#kinds.values()].flatMap((kind): Crowd[] => {
      const count = kind === own ? kind.count - 1 : kind.count;
      return count > 0 ? [{ rival: this.#current(kind), count }] : [];
    });
    if (crowds.length === 0) return this.#fits(pod) ? 'certain' : 'none';
    if (!mayBeFeasible(this.#state, pod)) return 'none';
    const newcomer = this.#rivalOf(pod);
    const isCrowded = crowds.length >= mostKinds;
    const assurance = isCrowded ? 'contested' : assure(this.#state, newcomer, crowds);
    if (typeof assurance === 'string') {
      const mayFit =
        (assurance === 'contested' && this.#fits(pod)) ||
        crowds.some(({ rival }) => mayOpen(this.#state, pod, rival.pod));
      return mayFit ? 'contested' : 'none';
    }
    const work = { left: mostPairs };
    for (const kind of this.#kinds.values())
      if (kind !== own && !this.#isSureBeside(kind, newcomer, crowds, work)) return 'contested';
    if (!own) this.#asked = { rival: newcomer, nodeChanges: this.#state.nodes.changes, assurance };
    return 'certain';
  }

  #fits(pod: Candidate): boolean {
    return !feasibleSlots(this.#state, pod).next().done;
  }

  #isSureBeside(kind: Kind, newcomer: Rival, crowds: readonly Crowd[], work: { left: number }): boolean {
    const { rival, assurance } = kind;
    const shares = sharesOf(this.#state, rival, newcomer);
    if (shares && (shares.closers.length === 0 || assurance?.isEnoughBeside(shares))) return true;
    if (work.left <= 0) return false;
    work.left -=
      crowds.length * (1 + termsOf(rival)) + crowds.reduce((sum, each) => sum + termsOf(each.rival), 0);
    const others = crowds.filter((each) => each.rival.identity !== newcomer.identity);
    const alike = crowds.find((each) => each.rival.identity === newcomer.identity)?.count ?? 0;
    const all = [...others, { rival: newcomer, count: alike + 1 }];
    const found = assure(
      this.#state,
      rival,
      all.map((each) => (each.rival.identity === rival.identity ? { ...each, count: each.count - 1 } : each)),
    );
    kind.assurance = typeof found === 'string' ? undefined : found;
    kind.counted = newcomer.pod.key;
    return kind.assurance !== undefined;
  }

  #count(kind: Kind, newcomer: Rival, podKey: string): void {
    const { rival, assurance, counted } = kind;
    kind.counted = undefined;
    if (!assurance || counted === podKey) return;
    const shares = sharesOf(this.#state, rival, newcomer);
    if (shares) assurance.count(shares);
    else kind.assurance = undefined;
  }

  #forgetAsked(): void {
    if (this.#asked) this.#asked.assurance = undefined;
  }

  /** Who asks mostly comes then. */
  #rivalOf(pod: Candidate): Rival {
    const { changes } = this.#state.nodes;
    const last = this.#asked;
    if (last?.rival.identity === likeness(pod) && last.nodeChanges === changes) return last.rival;
    const rival = rivalOf(this.#state, pod);
    this.#asked = { rival, nodeChanges: changes, assurance: undefined };
    return rival;
  }

  #kindOf(pod: Candidate): Kind {
    const { changes } = this.#state.nodes;
    const rival = this.#rivalOf(pod);
    const assurance = this.#asked?.assurance;
    return { rival, nodeChanges: changes, count: 0, assurance, counted: undefined };
  }

  /** Nodes that became others since may be within reach now. */
  #current(kind: Kind): Rival {
    const { changes } = this.#state.nodes;
    if (kind.nodeChanges !== changes) {
      kind.rival = rivalOf(this.#state, kind.rival.pod);
      kind.nodeChanges = changes;
    }
    return kind.rival;
  }
}

function termsOf({ pod: { antiAffinity, affinity, spread } }: Rival): number {
  return antiAffinity.length + affinity.length + spread.length;
}

/** Whether a pod that fits nowhere may fit once another is there. */
function mayOpen(state: ClusterState, pod: Candidate, other: Candidate): boolean {
  return isCounted(pod, other) || isDrawn(state, pod, other);
}
