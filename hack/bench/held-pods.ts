import { setTimeout as sleep } from 'node:timers/promises';
import { burst } from './burst.ts';
import type { Bench, Measurement, Row } from './parts/bench.ts';
import { callsOf, isWrite } from './parts/calls.ts';
import type { Running } from './parts/contender.ts';
import { Observer } from './parts/observer.ts';
import { makeNamespace, type Place } from './parts/place.ts';
import { figuresOf } from './parts/process-figures.ts';
import { createPods } from './parts/workload.ts';

/** How long nothing happens, in milliseconds; longer than the renewals of leases. */
const idleTime = 60_000;
/** Of the audit log, in milliseconds. */
const logged = 1_500;
const burstPods = 100;

/**
 * What pods cost that are just there: what one more pod costs beside 100, 1,000, ... of them, what the process does
 * when nothing happens, and how it comes back after a restart.
 */
export function heldPods(most: number): Measurement {
  return async (bench: Bench) => {
    const { place, isthmus, progress } = bench;
    const running = await isthmus.start(place);
    const rows: Row[] = [];
    let next = running;
    try {
      await burst(place, running, 50);
      const namespace = 'held';
      await makeNamespace(place, namespace);
      const observer = await Observer.open(place, namespace);
      let held = 0;
      for (const count of [100, 1_000, 10_000].filter((size) => size <= most)) {
        const names = Array.from({ length: count - held }, (_, index) => `web-${held + index}`);
        await createPods(place.above, names, { namespace, nodeName: running.nodeName });
        await observer.allReady(count, 60_000 + 300 * count);
        held = count;
        const { cpuCreated, cpuDeleted } = await burst(place, running, burstPods);
        progress(`beside ${count} pods one more takes ${(cpuCreated + cpuDeleted).toFixed(1)} ms`);
        rows.push({
          what: `CPU for a life, beside ${count} pods`,
          unit: 'ms',
          figures: { isthmus: cpuCreated + cpuDeleted },
          aim: 'flat within 20 %',
        });
      }
      await observer.close();
      rows.push(...(await idle(bench, running, held)));
      await running.stop();
      const [restarted, restartRows] = await restart(bench, running.nodeName, held);
      next = restarted;
      rows.push(...restartRows);
      return rows;
    } finally {
      await next.stop();
    }
  };
}

async function idle({ place, progress }: Bench, { pid }: Running, held: number): Promise<Row[]> {
  await sleep(logged * 4);
  const since = Date.now();
  const before = figuresOf(pid);
  await sleep(idleTime);
  const after = figuresOf(pid);
  const writes = countWrites(place, since, progress);
  const name = `idle with ${held} pods`;
  return [
    {
      what: `${name}: CPU`,
      unit: '% of a core',
      figures: { isthmus: (100 * (after.cpu - before.cpu)) / idleTime },
      aim: 'under 1 %',
    },
    { what: `${name}: writes but leases`, unit: 'in a minute', figures: { isthmus: writes }, aim: 'none' },
    {
      what: `${name}: memory`,
      unit: 'MB',
      figures: { isthmus: after.memory },
      aim: 'under 250 MB at 10,000',
    },
  ];
}

async function restart(
  { place, isthmus, progress }: Bench,
  nodeName: string,
  held: number,
): Promise<[Running, Row[]]> {
  const since = Date.now();
  const running = await isthmus.start(place, nodeName);
  const took = running.began === undefined ? Number.NaN : running.began - since;
  await sleep(5_000);
  const writes = countWrites(place, since, progress);
  const name = `restart with ${held} pods`;
  return [
    running,
    [
      { what: `${name}: in step after`, unit: 's', figures: { isthmus: took / 1_000 }, aim: 'under 5 s' },
      { what: `${name}: writes but leases`, unit: 'writes', figures: { isthmus: writes }, aim: 'none' },
      {
        what: `${name}: CPU`,
        unit: 'ms',
        figures: { isthmus: figuresOf(running.pid).cpu },
      },
    ],
  ];
}

/** How many, and told of each kind: none are expected. */
function countWrites({ upper, lower }: Place, since: number, progress: Bench['progress']): number {
  let writes = 0;
  for (const cluster of [upper, lower])
    for (const [what, times] of callsOf(cluster, since, Date.now())) {
      if (!isWrite(what)) continue;
      progress(`nothing was to be written, but ${cluster.name} got ${times} ${what}`);
      writes += times;
    }
  return writes;
}
