import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../../../src/kube/errors.ts';
import { type ChaosWorld, notReady } from '../world.ts';
import { type Comparison, compareAll } from './settled.ts';

/** How both sides came to rest after faults. */
export interface Settling {
  /** Milliseconds until all virtual nodes were Ready for good. */
  readonly ready: number;
  /** The longest that the status of one pod was not the one below, in milliseconds from then on. */
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
  let [ready, matched, statuses] = [began, began, 0];
  const wrong = wrongStatuses();
  let before = '';
  let longest = '';
  let lastStatus = '';
  for (let comparisons = 1; ; comparisons++) {
    const { nodes, faults, fingerprint, pairs } = await lookAt(world);
    const now = performance.now();
    if (nodes.length > 0) ready = now;
    for (const { what, lasts } of wrong.look(faults, now, ready))
      if (lasts > statuses) [statuses, lastStatus] = [lasts, what];
    if (nodes.length + faults.length > 0) matched = now;
    longest = [...nodes, ...faults].at(-1) ?? longest;
    const since = (time: number) => Math.max(0, time - ready);
    const times = { ready: ready - began, statuses, matched: since(matched) };
    const isAtRest = matched !== now && fingerprint === before;
    if (isAtRest || now - began > patience) {
      const left = [...nodes, ...faults];
      const stays = isAtRest || left.length > 0 ? left : ['nothing is wrong, but no rest comes'];
      return { ...times, faults: stays, longest, lastStatus, pairs, comparisons };
    }
    before = fingerprint;
    await sleep(200);
  }
}

/** Since when each pod's status is not the one below: Jobs make new pods all the time, and each gets its own time. */
function wrongStatuses() {
  let since = new Map<string, number>();
  return {
    look(faults: readonly string[], now: number, ready: number): { what: string; lasts: number }[] {
      const wrong = faults.filter((fault) => fault.includes(': status is '));
      const pods = wrong.map((what) => ({ what, pod: what.split(': status is ')[0] ?? '' }));
      since = new Map(pods.map(({ pod }) => [pod, since.get(pod) ?? now]));
      return pods.map(({ what, pod }) => ({ what, lasts: now - Math.max(since.get(pod) ?? now, ready) }));
    },
  };
}

async function lookAt(world: ChaosWorld): Promise<Comparison & { nodes: string[] }> {
  try {
    const nodes = (await notReady(world)).map((node) => `virtual node ${node} is not Ready`);
    return { nodes, ...(await compareAll(world)) };
  } catch (error) {
    return { nodes: [describeError(error)], faults: [], fingerprint: '', pairs: 0 };
  }
}
