import { Assurance } from './assurance.ts';
import { type Closer, ClosingShares } from './closing-shares.ts';
import type { ClusterState } from './cluster-state.ts';
import { feasibleSlots } from './feasibility.ts';
import type { Candidate } from './filter.ts';
import { likeness } from './likeness.ts';
import { fieldOf, type Range, reachOf } from './range.ts';
import { exclusion, isCounted, isDrawn, withOthersCounted } from './rivalry.ts';

/** A pod that is on its way to a cluster, and may come to any node there that takes it. */
export interface Rival {
  /** Equal for pods that are alike. */
  readonly identity: string;
  readonly pod: Candidate;
  /** The nodes that it may come to, full or not. */
  readonly reach: Range;
  /** The nodes on which its own spread counts pods, if it has one: taints of those do not matter there. */
  readonly field: Range | undefined;
}

/** So many pods that are alike. */
export interface Crowd {
  readonly rival: Rival;
  readonly count: number;
}

/** A pod that would go to a cluster, and where it may come to. */
export function rivalOf(state: ClusterState, pod: Candidate): Rival {
  const field = pod.spread.length > 0 ? fieldOf(state, pod) : undefined;
  return { identity: likeness(pod), pod, reach: reachOf(state, pod), field };
}

/** Whether a pod's own spread counts another where that may come to. */
function isInTheWayOfSpread({ pod, field }: Rival, other: Rival): boolean {
  return field !== undefined && other.reach.meets(field) && isCounted(pod, other.pod);
}

/** Why nothing is sure: no node takes the pod, or its rivals may leave none. */
type Doubt = 'closed' | 'contested';

/**
 * Finds nodes of which one will still take a pod when its turn comes, whatever the lower scheduler does with its
 * rivals until then, or says that there are not enough of them.
 *
 * A node is closed by rivals that come to it and leave too little there of some resource. Each brings a share of what
 * closes the node, and comes to one node only; so of a set of nodes as many can be closed as the largest shares of all
 * rivals make up together, and no more.
 */
export function assure(state: ClusterState, rival: Rival, crowds: readonly Crowd[]): Assurance | Doubt {
  const { pod, reach } = rival;
  const closers: Closer[] = [];
  const counted: { pod: Candidate; count: number }[] = [];
  for (const { rival: other, count } of crowds) {
    if (count === 0) continue;
    const excluded = exclusion(state, pod, other.pod);
    if (excluded === 'domain' || isDrawn(state, pod, other.pod)) return 'contested';
    if (isInTheWayOfSpread(rival, other)) counted.push({ pod: other.pod, count });
    if (other.reach.meets(reach)) closers.push({ ...other, count, excludes: excluded === 'node' });
  }
  const wanted = withOthersCounted(pod, counted);
  const shares = new ClosingShares(state, pod, closers);
  const all = new Assurance();
  const slots: { readonly slot: number; readonly closable: number }[] = [];
  for (const slot of feasibleSlots(state, wanted)) {
    const closable = shares.sum(slot);
    // A node that they cannot even close together is as good as many.
    if (closable < 1 / 2) return one(slot, shares);
    all.add(slot, shares);
    if (all.isAmple) return all;
    slots.push({ slot, closable });
  }
  if (all.isEnough) return all;
  if (slots.length === 0 && wanted === pod) return 'closed';
  // Nodes that little closes make the others of their set look so, too: once more, the strongest first.
  slots.sort((first, second) => first.closable - second.closable);
  const best = new Assurance();
  for (const { slot } of slots) {
    best.add(slot, shares);
    if (best.isEnough) return best;
  }
  return 'contested';
}

function one(slot: number, shares: ClosingShares): Assurance {
  const assurance = new Assurance();
  assurance.add(slot, shares);
  return assurance;
}

/** What one more rival closes of the nodes of a pod; undefined when more than resources and ports are between them. */
export function sharesOf(state: ClusterState, rival: Rival, other: Rival): ClosingShares | undefined {
  const { pod, reach } = rival;
  if (isInTheWayOfSpread(rival, other) || isDrawn(state, pod, other.pod)) return undefined;
  const excluded = exclusion(state, pod, other.pod);
  if (excluded === 'domain') return undefined;
  const isNear = other.reach.meets(reach);
  return new ClosingShares(state, pod, isNear ? [{ ...other, count: 1, excludes: excluded === 'node' }] : []);
}
