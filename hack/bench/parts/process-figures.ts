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
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const megabytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return {
    cpu: timesOf(pid, 14),
    memory: megabytes('VmRSS'),
    peakMemory: megabytes('VmHWM'),
  };
}

/** User and system time of the processes that we started and that have ended, and of theirs, in milliseconds. */
export function cpuOfChildren(): number {
  return timesOf('self', 16);
}

/** The sum of two fields of /proc/PID/stat, counted as its documentation does: 14 is the first of our own time. */
function timesOf(pid: number | 'self', field: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name in parentheses may hold anything: behind it stands field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[field - 3]) + Number(fields[field - 2])) * tick;
}
