import { setTimeout as sleep } from 'node:timers/promises';
import type { Running } from './parts/contender.ts';
import { Observer, type Seen } from './parts/observer.ts';
import { makeNamespace, type Place } from './parts/place.ts';
import { figuresOf } from './parts/process-figures.ts';
import { type Spread, spreadOf } from './parts/spread.ts';
import { createPods, deletePods } from './parts/workload.ts';

/** What a steady stream of pods met, in milliseconds. */
export interface SteadyFigures {
  /** From the upper pod seen to the lower one seen. */
  readonly down: Spread;
  /** From the lower pod seen Ready to the upper one. */
  readonly up: Spread;
  /** From the upper pod seen to seen Ready. */
  readonly whole: Spread;
  /** Of the process, for one pod from its creation to Ready. */
  readonly cpuCreated: number;
  /** From its creation to its end. */
  readonly cpuLife: number;
}

const settling = 1_500;
let streams = 0;

/** Creates so many pods a second, evenly, for some seconds; at the end all are deleted. */
export async function steady(
  place: Place,
  { nodeName, pid }: Pick<Running, 'nodeName' | 'pid'>,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<SteadyFigures> {
  streams += 1;
  const namespace = `steady-${streams}`;
  await makeNamespace(place, namespace);
  const observer = await Observer.open(place, namespace);
  const count = rate * seconds;
  const before = figuresOf(pid).cpu;
  try {
    const creates: Promise<void>[] = [];
    const began = performance.now();
    for (let index = 0; index < count; index += 1) {
      await sleep(Math.max(0, began + (index * 1_000) / rate - performance.now()));
      creates.push(createPods(place.above, [`web-${index}`], { namespace, nodeName }));
    }
    await Promise.all(creates);
    await observer.allReady(count, 60_000);
    await sleep(settling);
    const between = figuresOf(pid).cpu;
    const all = [...observer.seen.values()];
    const uids = new Map([...observer.seen].map(([name, { uidAbove = '' }]) => [name, uidAbove]));
    await deletePods(place.above, namespace, uids);
    await observer.allGone(60_000 + 300 * count);
    await sleep(settling);
    const of = (from: keyof Seen, to: keyof Seen) =>
      spreadOf(all.map((seen) => Number(seen[to]) - Number(seen[from])));
    return {
      down: of('above', 'below'),
      up: of('readyBelow', 'readyAbove'),
      whole: of('above', 'readyAbove'),
      cpuCreated: (between - before) / count,
      cpuLife: (figuresOf(pid).cpu - before) / count,
    };
  } finally {
    await observer.close();
  }
}
