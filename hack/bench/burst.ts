import { setTimeout as sleep } from 'node:timers/promises';
import { callsOf, isWrite } from './parts/calls.ts';
import type { Running } from './parts/contender.ts';
import { Observer } from './parts/observer.ts';
import { makeNamespace, type Place } from './parts/place.ts';
import { figuresOf } from './parts/process-figures.ts';
import { createPods, deletePods, type PodOptions } from './parts/workload.ts';

/** What came of many pods made at once and deleted again. */
export interface BurstFigures {
  readonly pods: number;
  /** Pods per second from the first create to the last Ready above. */
  readonly created: number;
  /** Pods per second from the first delete to the last that is gone in both clusters. */
  readonly deleted: number;
  /** Milliseconds of the process for one pod: until all are Ready, and until all are gone. */
  readonly cpuCreated: number;
  readonly cpuDeleted: number;
  /** Of the process at most, in megabytes. */
  readonly peakMemory: number;
  /** Writes for the life of one pod, in both clusters. */
  readonly writes: number;
  /** All calls for the life of one pod, by cluster, verb and resource: until all are Ready, and until all are gone. */
  readonly callsCreated: Readonly<Record<string, number>>;
  readonly callsDeleted: Readonly<Record<string, number>>;
}

/** News may follow the pods: so long it is waited for them, in milliseconds; longer than an audit log is behind. */
const settling = 1_500;
let bursts = 0;

/** Creates so many pods at once on a contender's node, waits until all are Ready, and deletes them. */
export async function burst(
  place: Place,
  { nodeName, pid }: Pick<Running, 'nodeName' | 'pid'>,
  count: number,
  options: Pick<PodOptions, 'hasToken'> = {},
): Promise<BurstFigures> {
  bursts += 1;
  const namespace = `burst-${bursts}`;
  await makeNamespace(place, namespace);
  const observer = await Observer.open(place, namespace);
  const names = Array.from({ length: count }, (_, index) => `web-${index}`);
  const within = 60_000 + 300 * count;
  const began = Date.now();
  const cpu = [figuresOf(pid).cpu];
  try {
    const created = await timed(async () => {
      await createPods(place.above, names, { ...options, namespace, nodeName });
      await observer.allReady(count, within);
    });
    await sleep(settling);
    cpu.push(figuresOf(pid).cpu);
    const middle = Date.now();
    const uids = new Map([...observer.seen].map(([name, { uidAbove = '' }]) => [name, uidAbove]));
    const deleted = await timed(async () => {
      await deletePods(place.above, namespace, uids);
      await observer.allGone(within);
    });
    await sleep(settling);
    const { cpu: end, peakMemory } = figuresOf(pid);
    const [before = 0, between = 0] = cpu;
    const callsBetween = (since: number, until: number) => {
      const calls: Record<string, number> = {};
      for (const cluster of [place.upper, place.lower])
        for (const [what, times] of callsOf(cluster, since, until))
          calls[`${cluster.name === place.upper.name ? 'upper' : 'lower'} ${what}`] = times / count;
      return calls;
    };
    const [callsCreated, callsDeleted] = [callsBetween(began, middle), callsBetween(middle, Date.now())];
    const writes = [callsCreated, callsDeleted]
      .flatMap((calls) => Object.entries(calls))
      .filter(([what]) => isWrite(what.slice(what.indexOf(' ') + 1)));
    return {
      pods: count,
      created: count / created,
      deleted: count / deleted,
      cpuCreated: (between - before) / count,
      cpuDeleted: (end - between) / count,
      peakMemory,
      writes: writes.reduce((sum, [, times]) => sum + times, 0),
      ...{ callsCreated, callsDeleted },
    };
  } finally {
    await observer.close();
  }
}

/** @returns how long it took, in seconds */
async function timed(act: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await act();
  return (performance.now() - began) / 1_000;
}

/** Creates so many pods straight in the lower cluster. @returns pods per second until the last is Ready */
export async function createdDirectly({ below }: Place, count: number): Promise<number> {
  bursts += 1;
  const namespace = `direct-${bursts}`;
  await makeNamespace({ above: below, below }, namespace);
  const observer = await Observer.open({ above: below, below }, namespace);
  const names = Array.from({ length: count }, (_, index) => `web-${index}`);
  const within = 60_000 + 300 * count;
  try {
    const seconds = await timed(async () => {
      await createPods(below, names, { namespace });
      await observer.allReady(count, within);
    });
    const uids = new Map([...observer.seen].map(([name, { uidAbove = '' }]) => [name, uidAbove]));
    await deletePods(below, namespace, uids);
    await observer.allGone(within);
    return count / seconds;
  } finally {
    await observer.close();
  }
}
