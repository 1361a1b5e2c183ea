import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../../../src/kube/errors.ts';
import { allReady, type ChaosWorld } from '../world.ts';
import { type Comparison, compareAll } from './settled.ts';

/** How both sides came to rest after faults. */
export interface Settling {
  /** Milliseconds until all programs were at work and all virtual nodes Ready. */
  readonly ready: number;
  /** Milliseconds from then on until both sides matched and nothing moved any more. */
  readonly matched: number;
  /** Milliseconds until every status above was the one below. */
  readonly statuses: number;
  /** What still was wrong when time ran out; empty when they match. */
  readonly faults: readonly string[];
  /** How many pods were compared, and how often. */
  readonly pairs: number;
  readonly comparisons: number;
}

/** How long they get, in milliseconds. */
const patience = 90_000;

/** Waits until all is well again. No fault and no step of the workload may be under way. */
export async function settle(world: ChaosWorld): Promise<Settling> {
  const began = performance.now();
  await allReady(world, patience);
  const ready = performance.now();
  let before = '';
  let matched: number | undefined;
  let statuses = ready;
  for (let comparisons = 1; ; comparisons++) {
    const { faults, fingerprint, pairs } = await compareAll(world).catch(unanswered);
    const now = performance.now();
    if (faults.some((fault) => fault.includes(': status is '))) statuses = now;
    const times = { ready: ready - began, matched: (matched ?? now) - ready, statuses: statuses - ready };
    const sofar = { ...times, pairs, comparisons };
    if (faults.length === 0) {
      matched ??= now;
      if (fingerprint === before) return { ...sofar, matched: matched - ready, faults };
    } else {
      matched = undefined;
    }
    if (now - ready > patience) return { ...sofar, faults: faults.length > 0 ? faults : ['no rest comes'] };
    before = fingerprint;
    await sleep(200);
  }
}

function unanswered(error: unknown): Comparison {
  return { faults: [describeError(error)], fingerprint: '', pairs: 0 };
}
