import { type BurstFigures, burst } from './burst.ts';
import type { Bench, Row } from './parts/bench.ts';
import type { Contender } from './parts/contender.ts';
import { median } from './parts/spread.ts';
import { type SteadyFigures, steady } from './steady.ts';

/** So many pods at once, after so many that only warm the program up. */
const pods = 200;
const warming = 40;
const stream = { rate: 10, seconds: 12 };
/** Of the bare mirror's pods per second isthmus must reach this share. */
const leastRatio = 0.7;
/** Pairs of runs; more than the first two only where those are below: on a busy machine single runs say little. */
const pairs = { usual: 2, most: 4 };

interface Life {
  readonly burst: BurstFigures;
  readonly steady: SteadyFigures | undefined;
}

/**
 * The short comparison with the bare mirror: bursts in alternating order, and a steady stream each.
 *
 * @returns the rows, and what is too slow
 */
export async function quick(bench: Bench): Promise<{ rows: Row[]; failure: string | undefined }> {
  const lives: Record<'isthmus' | 'mirror', Life[]> = { isthmus: [], mirror: [] };
  const ratio = () => {
    const each = lives.isthmus.map((life, index) => {
      const mirror = lives.mirror[index]?.burst;
      // Creation and deletion together: both are what a pod's life costs.
      return mirror ? rateOf(life.burst) / rateOf(mirror) : Number.NaN;
    });
    return median(each);
  };
  for (let pair = 0; pair < pairs.usual || (pair < pairs.most && ratio() < leastRatio); pair += 1) {
    const order = pair % 2 === 0 ? (['mirror', 'isthmus'] as const) : (['isthmus', 'mirror'] as const);
    for (const who of order) {
      const life = await live(bench, bench[who], pair === 0);
      lives[who].push(life);
      const { created, deleted, cpuCreated, cpuDeleted, callsCreated, callsDeleted } = life.burst;
      const list = (calls: Readonly<Record<string, number>>) =>
        Object.entries(calls).map(([what, times]) => `${times.toFixed(2)} ${what}`);
      bench.progress(
        `${who}: ${created.toFixed(0)} pods/s created, ${deleted.toFixed(0)} deleted, ` +
          `${cpuCreated.toFixed(1)} and ${cpuDeleted.toFixed(1)} ms of CPU each; ` +
          `calls until Ready: ${list(callsCreated).join(', ')}; until gone: ${list(callsDeleted).join(', ')}`,
      );
    }
  }
  const failure =
    ratio() < leastRatio
      ? `bursts run at ${ratio().toFixed(2)} of the bare mirror's rate, and must at ${leastRatio}`
      : undefined;
  return { rows: rowsOf(lives), failure };
}

async function live({ place }: Bench, contender: Contender, withStream: boolean): Promise<Life> {
  const running = await contender.start(place);
  try {
    await burst(place, running, warming);
    const figures = await burst(place, running, pods);
    return { burst: figures, steady: withStream ? await steady(place, running, stream) : undefined };
  } finally {
    await running.stop();
  }
}

/** Pods per second through a whole life. */
function rateOf({ created, deleted }: BurstFigures): number {
  return 1 / (1 / created + 1 / deleted);
}

function rowsOf(lives: Readonly<Record<'isthmus' | 'mirror', readonly Life[]>>): Row[] {
  const row = (what: string, unit: string, figure: (life: Life) => number | undefined, aim: string): Row => {
    const of = (who: 'isthmus' | 'mirror') => median(lives[who].flatMap((life) => figure(life) ?? []));
    return { what, unit, figures: { isthmus: of('isthmus'), mirror: of('mirror') }, aim };
  };
  return [
    row(`${pods} pods at once, created`, 'pods/s', ({ burst: { created } }) => created, 'at least 1'),
    row(`${pods} pods at once, deleted`, 'pods/s', ({ burst: { deleted } }) => deleted, 'at least 1'),
    row('CPU for a life, in a burst', 'ms', ({ burst: of }) => of.cpuCreated + of.cpuDeleted, 'at most 2'),
    row('writes for a life', 'writes', ({ burst: { writes } }) => writes, ''),
    row('10 pods/s: upper to lower, p50', 'ms', (life) => life.steady?.down.p50, 'at most 1.2'),
    row('10 pods/s: upper to lower, p99', 'ms', (life) => life.steady?.down.p99, 'at most 1.5'),
    row('10 pods/s: Ready to Ready, p50', 'ms', (life) => life.steady?.up.p50, 'at most 1.2'),
    row('10 pods/s: Ready to Ready, p99', 'ms', (life) => life.steady?.up.p99, 'at most 1.5'),
    row('10 pods/s: whole way, p50', 'ms', (life) => life.steady?.whole.p50, 'at most 1.2'),
    row('10 pods/s: whole way, p99', 'ms', (life) => life.steady?.whole.p99, 'at most 1.5'),
    row('CPU for a life, at 10 pods/s', 'ms', (life) => life.steady?.cpuLife, 'at most 2'),
  ];
}
