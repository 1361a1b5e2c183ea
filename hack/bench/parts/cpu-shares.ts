import { isAlive, readRecords } from '../../clusters/process.ts';
import { cpuOfChildren, figuresOf } from './process-figures.ts';

/** Milliseconds of CPU by program: everything that runs in a set of clusters, and `clients`, whom we waited for. */
export type CpuByProgram = ReadonlyMap<string, number>;

/** What each program has used so far. */
export function cpuByProgram(directory: string): CpuByProgram {
  const living = [...readRecords(directory)].filter(([, record]) => isAlive(record));
  return new Map([
    ...living.map(([name, { pid }]): [string, number] => [name, figuresOf(pid).cpu]),
    ['clients', cpuOfChildren()],
  ]);
}

/** Who used how much in between, the greatest first, in words; what is under a hundredth of all is left out. */
export function sharesSince(before: CpuByProgram, after: CpuByProgram): string {
  const used = [...after].map(([name, cpu]): [string, number] => [name, cpu - (before.get(name) ?? 0)]);
  const all = used.reduce((sum, [, cpu]) => sum + cpu, 0);
  return used
    .filter(([, cpu]) => cpu > all / 100)
    .sort(([, one], [, other]) => other - one)
    .map(([name, cpu]) => `${name} ${(cpu / 1_000).toFixed(1)} s`)
    .join(', ');
}
