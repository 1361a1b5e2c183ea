import { burst } from './burst.ts';
import { type Bench, contendersOf, type Row, type Who } from './parts/bench.ts';
import { type SteadyFigures, steady } from './steady.ts';

/** Ten pods a second for half a minute, by each contender. */
export async function steadyStream(bench: Bench): Promise<readonly Row[]> {
  const all: [Who, SteadyFigures][] = [];
  for (const [who, contender] of contendersOf(bench)) {
    const running = await contender.start(bench.place);
    try {
      await burst(bench.place, running, 50);
      all.push([who, await steady(bench.place, running, { rate: 10, seconds: 30 })]);
    } finally {
      await running.stop();
    }
    bench.progress(`10 pods/s: ${who} is measured`);
  }
  const row = (what: string, figure: (of: SteadyFigures) => number, aim: string): Row => {
    const figures = Object.fromEntries(all.map(([who, of]) => [who, figure(of)]));
    return { what: `10 pods/s: ${what}`, unit: 'ms', figures, aim };
  };
  return [
    row('upper to lower, p50', ({ down }) => down.p50, 'at most 1.2'),
    row('upper to lower, p99', ({ down }) => down.p99, 'at most 1.5'),
    row('Ready to Ready, p50', ({ up }) => up.p50, 'at most 1.2'),
    row('Ready to Ready, p99', ({ up }) => up.p99, 'at most 1.5'),
    row('whole way, p50', ({ whole }) => whole.p50, 'at most 1.2'),
    row('whole way, p99', ({ whole }) => whole.p99, 'at most 1.5'),
    row('CPU for a life', ({ cpuLife }) => cpuLife, 'at most 2'),
  ];
}
