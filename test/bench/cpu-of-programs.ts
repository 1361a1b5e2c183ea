import { figuresOf } from '../../hack/bench/parts/process-figures.ts';
import { isAlive, readRecords } from '../../hack/clusters/process.ts';

/** Milliseconds of CPU by program. */
export type CpuOfPrograms = ReadonlyMap<string, number>;

/** What the living programs of a set of clusters, and this process, have used of the CPUs so far. */
export function cpuOfPrograms(directory: string): CpuOfPrograms {
  const used = new Map([['this test', process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000]]);
  for (const record of readRecords(directory).values())
    if (isAlive(record)) used.set(record.name, figuresOf(record.pid).cpu);
  return used;
}

/** What each has used since, for each of so many. */
export function cpuSince(before: CpuOfPrograms, after: CpuOfPrograms, count: number): CpuOfPrograms {
  const names = [...after.keys()].filter((name) => before.has(name));
  return new Map(
    names.map((name) => [name, ((after.get(name) ?? 0) - (before.get(name) ?? 0)) / count] as const),
  );
}

/** The means of several, one line each, the most first; what is less than a tenth of a millisecond is left out. */
export function writeCpu(several: readonly CpuOfPrograms[]): string {
  const names = new Set(several.flatMap((each) => [...each.keys()]));
  const means = [...names].map((name) => {
    const mean = several.reduce((sum, each) => sum + (each.get(name) ?? 0), 0) / several.length;
    return { name, mean };
  });
  const total = means.reduce((sum, { mean }) => sum + mean, 0);
  const shown = means.filter(({ mean }) => mean >= 0.1).sort((one, other) => other.mean - one.mean);
  return [
    `${total.toFixed(1)} altogether`,
    ...shown.map(({ name, mean }) => `${name} ${mean.toFixed(1)}`),
  ].join(', ');
}
