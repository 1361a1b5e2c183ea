import { readFileSync } from 'node:fs';

/** Milliseconds of a clock tick, by which Linux counts (USER_HZ is 100 on all that run Node). */
const tick = 10;

/** What a process has used of the machine so far. */
export interface ProcessFigures {
  /** User and system time, in milliseconds. */
  readonly cpu: number;
  /** Resident now and at most, in megabytes. */
  readonly memory: number;
  readonly peakMemory: number;
}

/** Reads /proc; throws when the process is gone. */
export function figuresOf(pid: number): ProcessFigures {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name in parentheses may hold anything: utime is field 14, stime 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const megabytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) * tick,
    memory: megabytes('VmRSS'),
    peakMemory: megabytes('VmHWM'),
  };
}
