import type { PersistentVolumeClaim } from '../kube/types.ts';
import type { ClusterState } from './cluster-state.ts';
import type { Candidate, Filter, Refusal } from './filter.ts';
import { filters, lasting, quick, thorough } from './filters/index.ts';
import type { SlotTest } from './node-selector.ts';
import type { PodFacts } from './pod-facts.ts';

type Check = (slot: number) => Refusal | undefined;

/** A pod to find a place for. Mostly no claims come with it, and then nothing is made anew for each cluster. */
export function candidate(facts: PodFacts, claimsToCome: readonly PersistentVolumeClaim[] = []): Candidate {
  return claimsToCome.length > 0 ? { ...facts, claimsToCome } : facts;
}

/** The slots of the nodes that can take a pod, found one by one. Nothing may change the state meanwhile. */
export function* feasibleSlots(state: ClusterState, pod: Candidate): IterableIterator<number> {
  const before = tests(quick, state, pod);
  if (!before) return;
  let after: readonly SlotTest[] | undefined;
  for (let slot = 0; slot < state.nodes.limit; slot += 1) {
    if (!passes(before, slot) || state.nodes.nameOf(slot) === undefined) continue;
    // Not before some node has come so far: mostly none does, for want of room.
    after ??= tests(thorough, state, pod);
    if (!after) return;
    if (passes(after, slot)) yield slot;
  }
}

/**
 * Whether some node may take a pod once others have come or gone elsewhere: no pod that comes gives a node more room,
 * other labels or fewer taints.
 */
export function mayBeFeasible(state: ClusterState, pod: Candidate): boolean {
  const asked = tests(quick, state, pod);
  if (!asked) return false;
  for (let slot = 0; slot < state.nodes.limit; slot += 1)
    if (passes(asked, slot) && state.nodes.nameOf(slot) !== undefined) return true;
  return false;
}

/**
 * Whether a node is one that a pod may ever be on, whatever pods are there: by labels, taints and cordons. None when
 * the pod may be on no node at all.
 */
export function lastingTest(state: ClusterState, pod: Candidate): SlotTest | undefined {
  const asked = tests(lasting, state, pod);
  return asked && ((slot) => passes(asked, slot));
}

/** Whether the node in a slot can take a pod. */
export function isFeasible(state: ClusterState, pod: Candidate, slot: number): boolean {
  return [quick, thorough].every((part) => {
    const prepared = tests(part, state, pod);
    return prepared !== undefined && passes(prepared, slot);
  });
}

/** Whether no node can take a pod for a reason of its own, such as a claim that is not there, whoever makes way. */
export function isRefusedAnywhere(state: ClusterState, pod: Candidate): boolean {
  return typeof prepare(filters, state, pod) === 'string';
}

/** How many nodes are refused for what, and how many are not; or the reason for which the pod as such is. */
export function countRefusals(
  state: ClusterState,
  pod: Candidate,
): { readonly feasible: number; readonly counts: ReadonlyMap<Refusal, number> } | string {
  const checks = prepare(filters, state, pod);
  if (typeof checks === 'string') return checks;
  const counts = new Map<Refusal, number>();
  let feasible = 0;
  for (let slot = 0; slot < state.nodes.limit; slot += 1) {
    if (state.nodes.nameOf(slot) === undefined) continue;
    const refusal = refuse(checks, slot);
    if (refusal === undefined) feasible += 1;
    else counts.set(refusal, (counts.get(refusal) ?? 0) + 1);
  }
  return { feasible, counts };
}

/** What filters ask about single nodes; none when one of them refuses all. */
function tests(those: readonly Filter[], state: ClusterState, pod: Candidate): SlotTest[] | undefined {
  const found: SlotTest[] = [];
  for (const filter of those) {
    const prepared = filter.prepare(state, pod);
    if (!prepared) continue;
    if ('refusesPod' in prepared || prepared.refusesAll) return undefined;
    const { check } = prepared;
    found.push(prepared.passes ?? ((slot) => check(slot) === undefined));
  }
  return found;
}

function passes(those: readonly SlotTest[], slot: number): boolean {
  for (const test of those) if (!test(slot)) return false;
  return true;
}

function prepare(those: readonly Filter[], state: ClusterState, pod: Candidate): Check[] | string {
  const checks: Check[] = [];
  for (const filter of those) {
    const prepared = filter.prepare(state, pod);
    if (!prepared) continue;
    if ('refusesPod' in prepared) return prepared.refusesPod;
    checks.push(prepared.check);
  }
  return checks;
}

function refuse(checks: readonly Check[], slot: number): Refusal | undefined {
  for (const check of checks) {
    const refusal = check(slot);
    if (refusal) return refusal;
  }
  return undefined;
}
