import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { endProcess, isAlive, MARKER, type ProcessRecord, readRecords, startProcess } from './process.ts';
import type { ClusterState } from './state.ts';
import { tailOf } from './text.ts';
import { programs, servicePrograms } from './versions.ts';

/** A program that was started and may be watched and ended. */
export interface RunningProgram {
  readonly pid: number;
  /** What was started under its name writes to it, one after the other. */
  readonly logFile: string;
  /** What this one has written. */
  log(): string;
  kill(signal: NodeJS.Signals): void;
  /** Its exit code; null if a signal ended it. */
  readonly exited: Promise<number | null>;
}

/** What to run, and in which cluster's namespace. */
export interface ProgramSpec {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly cluster: Pick<ClusterState, 'namespace'>;
}

/** Starts a program of a set, recorded under its name so that any process can end it or start it again. */
export function startProgram(
  directory: string,
  spec: ProgramSpec,
): RunningProgram & { readonly record: ProcessRecord } {
  const { namespace } = spec.cluster;
  // nsenter, not `ip netns exec`: that one mounts a fresh /sys, in which a kubelet finds no cgroups. nsenter becomes
  // the program, so that the pid is the program's.
  const enter = namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${namespace}`, '--'];
  const environment = { ...spec.environment, [MARKER]: directory };
  return launch(directory, spec.name, [...enter, ...spec.command], environment);
}

/** Starts a recorded program again with the same command; it must not be running. */
export function restartProgram(
  directory: string,
  name: string,
): RunningProgram & { readonly record: ProcessRecord } {
  const record = recordOf(directory, name);
  if (isAlive(record)) throw new Error(`${name} is running`);
  return launch(directory, name, [...record.command], record.environment);
}

/** Ends a recorded program and waits until it is gone; does nothing if it is not running. */
export async function endProgram(
  directory: string,
  name: string,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<void> {
  await endProcess(recordOf(directory, name), signal);
}

/** Throws, with the end of its log, if the program is not running any more. */
export function checkAlive(record: ProcessRecord): true {
  if (isAlive(record)) return true;
  throw new Error(`${record.name} stopped; the end of ${record.logFile}:\n${tailOf(record.logFile)}`);
}

/** The record of a program that was started in this set. */
export function recordOf(directory: string, name: string): ProcessRecord {
  const record = readRecords(directory).get(name);
  if (!record) throw new Error(`no program ${name} was started in ${directory}`);
  return record;
}

/** Whether a program is a part of a cluster; anything else was started by `run`. */
export function isOfCluster(name: string): boolean {
  return [...programs, ...servicePrograms, 'containerd'].some((program) => name.endsWith(`-${program}`));
}

function launch(
  directory: string,
  name: string,
  command: string[],
  environment: Readonly<Record<string, string>>,
) {
  const logFile = join(directory, 'logs', `${name}.log`);
  const recordFile = join(directory, 'processes', `${name}.json`);
  const before = existsSync(logFile) ? statSync(logFile).size : 0;
  const { record, exited } = startProcess(recordFile, name, command, environment, logFile);
  return {
    record,
    pid: record.pid,
    logFile,
    log: () => readFileSync(logFile).subarray(before).toString(),
    exited,
    kill: (signal: NodeJS.Signals) => {
      if (isAlive(record)) process.kill(record.pid, signal);
    },
  };
}
