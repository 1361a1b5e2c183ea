import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { waitFor } from './wait.ts';

/** Everything needed to find a process again from another process, or to start it a second time. */
export interface ProcessRecord {
  readonly name: string;
  readonly pid: number;
  /** In clock ticks since boot. A process with the same pid but another start time is not this one. */
  readonly startTime: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** Set in every process of a set of clusters, so that one is found even if its record was never written. */
export const MARKER = 'ISTHMUS_CLUSTERS_DIRECTORY';

/**
 * The start time of a living process; undefined if there is none. A zombie is not living, unless threads of it are
 * still on their way out: until the last has gone they hold its sockets and files.
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything, so count from behind it: state is field 3, start time 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isDead = fields[0] === 'X' || (fields[0] === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1);
    return isDead ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Whether exactly this process still runs. */
export function isAlive(record: Pick<ProcessRecord, 'pid' | 'startTime'>): boolean {
  return startTimeOf(record.pid) === record.startTime;
}

/** Starts a detached program and writes its record to `recordFile` before returning; it outlives this process. */
export function startProcess(
  recordFile: string,
  name: string,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  logFile: string,
): { record: ProcessRecord; exited: Promise<number | null> } {
  const [file, ...args] = command;
  if (file === undefined) throw new Error(`${name}: nothing to run`);
  mkdirSync(dirname(logFile), { recursive: true });
  mkdirSync(dirname(recordFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...environment },
  });
  closeSync(log);
  const exited = new Promise<number | null>((resolve) => {
    child.on('exit', resolve);
    child.on('error', () => resolve(127));
  });
  if (child.pid === undefined) throw new Error(`${name}: ${file} cannot be started`);
  child.unref();
  const record = {
    name,
    pid: child.pid,
    startTime: startTimeOf(child.pid) ?? '',
    command,
    environment,
    logFile,
  };
  writeFileSync(recordFile, JSON.stringify(record));
  return { record, exited };
}

/** The records of a set of clusters, by name. */
export function readRecords(directory: string): Map<string, ProcessRecord> {
  const folder = join(directory, 'processes');
  const records = new Map<string, ProcessRecord>();
  for (const file of listIfThere(folder)) {
    try {
      const record = JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProcessRecord;
      records.set(record.name, record);
    } catch {
      // Half a record, from someone killed while writing it: the sweep by marker finds its process.
    }
  }
  return records;
}

/** Ends a process and waits until it is gone: with `signal`, and with SIGKILL if that did not help in time. */
export async function endProcess(
  record: Pick<ProcessRecord, 'pid' | 'startTime'>,
  signal: NodeJS.Signals = 'SIGKILL',
  patience = 3000,
): Promise<void> {
  const gone = (within: number) =>
    waitFor(
      () => !isAlive(record),
      () => `process ${record.pid} does not end`,
      { within, every: 10 },
    );
  if (!send(record, signal)) return;
  if (signal !== 'SIGKILL') {
    const ended = await gone(patience).catch(() => false);
    if (ended || !send(record, 'SIGKILL')) return;
  }
  await gone(10_000);
}

/** Sends a signal, if it is still the same process; tells whether it was. */
export function send(record: Pick<ProcessRecord, 'pid' | 'startTime'>, signal: NodeJS.Signals): boolean {
  if (!isAlive(record)) return false;
  try {
    return process.kill(record.pid, signal);
  } catch {
    return false;
  }
}

/** Every living process that was started for this directory, by the marker in its environment. */
export function processesOf(directory: string): { pid: number; startTime: string }[] {
  const marker = `${MARKER}=${directory}`;
  return listIfThere('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && environmentOf(pid).includes(marker))
    .flatMap((pid) => {
      const startTime = startTimeOf(pid);
      return startTime === undefined ? [] : [{ pid, startTime }];
    });
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return [];
  }
}

function listIfThere(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
