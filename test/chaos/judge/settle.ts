import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../../../src/kube/errors.ts';
import { type ChaosWorld, notReady } from '../world.ts';
import { type Comparison, compareAll } from './settled.ts';

/** How both sides came to rest after faults. */
export interface Settling {
  /** Milliseconds until all virtual nodes were Ready for good. */
  readonly ready: number;
  /** Milliseconds from then on until every status above was the one below. */
  readonly statuses: number;
  /** Milliseconds from then on until nothing was wrong any more. */
  readonly matched: number;
  /** What still was wrong when time ran out; empty when all has settled. */
  readonly faults: readonly string[];
  /** Of what was wrong longest, one thing; empty when nothing ever was. */
  readonly longest: string;
  /** The status that was wrong longest. */
  readonly lastStatus: string;
  /** How many pods were compared, and how often. */
  readonly pairs: number;
  readonly comparisons: number;
}

/** How long it may take in all, in milliseconds. */
const patience = 75_000;

/** Waits until all is well and nothing moves. No fault and no step of the workload may be under way. */
export async function settle(world: ChaosWorld): Promise<Settling> {
  const began = performance.now();
  let [ready, statuses, matched] = [began, began, began];
  let before = '';
  let longest = '';
  let lastStatus = '';
  for (let comparisons = 1; ; comparisons++) {
    const { nodes, faults, fingerprint, pairs } = await lookAt(world);
    const now = performance.now();
    if (nodes.length > 0) ready = now;
    const wrongStatus = faults.find((fault) => fault.includes(': status is '));
    if (wrongStatus) statuses = now;
    lastStatus = wrongStatus ?? lastStatus;
    if (nodes.length + faults.length > 0) matched = now;
    longest = [...nodes, ...faults].at(-1) ?? longest;
    const since = (time: number) => Math.max(0, time - ready);
    const times = { ready: ready - began, statuses: since(statuses), matched: since(matched) };
    const isAtRest = matched !== now && fingerprint === before;
    if (isAtRest || now - began > patience) {
      const left = [...nodes, ...faults];
      const wrong = isAtRest || left.length > 0 ? left : ['nothing is wrong, but no rest comes'];
      return { ...times, faults: wrong, longest, lastStatus, pairs, comparisons };
    }
    before = fingerprint;
    await sleep(200);
  }
}

async function lookAt(world: ChaosWorld): Promise<Comparison & { nodes: string[] }> {
  try {
    const nodes = (await notReady(world)).map((node) => `virtual node ${node} is not Ready`);
    return { nodes, ...(await compareAll(world)) };
  } catch (error) {
    return { nodes: [describeError(error)], faults: [], fingerprint: '', pairs: 0 };
  }
}
