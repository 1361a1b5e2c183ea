import { readFileSync } from 'node:fs';
import type { LocalClusters } from '../../hack/clusters/open.ts';
import type { RunningProgram } from '../../hack/clusters/programs.ts';
import { eventually } from '../clusters.ts';

/** Where the lines that a program logs go: a file, a disk that is full, or a pipe whose reader has gone. */
export type LogPlace = 'file' | 'full disk' | 'closed pipe';

export interface ProgramOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Base of its metrics and health; undefined when it serves none. */
  readonly metrics?: string;
}

/** A program of ours that faults may end and start again; it is not to end by itself. */
export interface Program {
  readonly name: string;
  readonly metrics: string | undefined;
  readonly pid: number;
  readonly isUp: boolean;
  /** What it did that no program may: ended by itself, or not as it was told. */
  readonly breaches: readonly string[];
  /** Starts it if it is not up; resolves when it says that it lives, if it can say so. */
  start(place?: LogPlace): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, upon which it must end with 0. */
  stop(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  log(): string;
}

/** A program ends within this time of being asked, in milliseconds. */
const longestEnd = 20_000;

/** A program in the upper cluster's network, not started yet. */
export function createProgram(clusters: LocalClusters, options: ProgramOptions): Program {
  const { name, command, environment, metrics } = options;
  const breaches: string[] = [];
  let running: RunningProgram | undefined;
  // One thing after the other: who is told to end while it starts knows of no signals yet.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  const log = () => read(logFileOf(clusters, name));
  const end = async (signal: NodeJS.Signals): Promise<number | null | undefined> => {
    const ending = running;
    if (!ending) return undefined;
    running = undefined;
    ending.kill(signal);
    const late = setTimeout(() => {
      breaches.push(`${name} did not end within ${longestEnd / 1_000} s of ${signal}`);
      ending.kill('SIGKILL');
    }, longestEnd);
    const code = await ending.exited;
    clearTimeout(late);
    return code;
  };
  let hasBegun = false;
  const launch = async (place: LogPlace): Promise<void> => {
    const before = log().length;
    const started = await clusters.run(name, loggingTo(place, command), { ...environment });
    running = started;
    void started.exited.then((code) => {
      if (running !== started) return;
      running = undefined;
      const said = log().slice(before);
      const isRefusal = code === 1 && (place !== 'file' || saysWhy(said));
      const wasAtWork = metrics === undefined ? said.includes('"level":"info"') : hasBegun;
      if (wasAtWork || !isRefusal)
        breaches.push(`${name} ended by itself with ${code}: ${log().slice(-1_500)}`);
    });
  };
  const start = async (place: LogPlace): Promise<void> => {
    if (running) return;
    const known = breaches.length;
    hasBegun = false;
    await launch(place);
    if (metrics === undefined) return;
    await eventually(
      async () => {
        if (breaches.length > known) return;
        // What cannot begin because an API server is away is started again, as a kubelet does.
        if (!running) await launch(place);
        hasBegun = (await fetch(`${metrics}/healthz`).catch(() => undefined))?.ok ?? false;
        if (!hasBegun) throw new Error(`${name} does not begin: ${log().slice(-2_000)}`);
      },
      { within: 60_000, every: 500 },
    );
  };
  return {
    name,
    metrics,
    get pid() {
      return running?.pid ?? 0;
    },
    get isUp() {
      return running !== undefined;
    },
    breaches,
    start: (place = 'file') => inTurn(() => start(place)),
    kill: () => inTurn(async () => void (await end('SIGKILL'))),
    async stop() {
      const code = await inTurn(() => end('SIGTERM'));
      if (code !== undefined && code !== 0)
        breaches.push(`${name} ended with ${code} upon SIGTERM: ${log().slice(-1_500)}`);
    },
    signal: (signal) => running?.kill(signal),
    log,
  };
}

/** Whether a program that ended has said in one line why it cannot begin. */
function saysWhy(said: string): boolean {
  return (said.trimEnd().split('\n').at(-1) ?? '').startsWith('isthmus: ');
}

function loggingTo(place: LogPlace, command: readonly string[]): string[] {
  switch (place) {
    case 'file':
      return [...command];
    case 'full disk':
      return ['/bin/sh', '-c', 'exec "$@" >/dev/full 2>&1', 'sh', ...command];
    case 'closed pipe':
      // The reader takes nothing and goes; the program has its pid from the shell that waits for nobody.
      return ['/bin/bash', '-c', 'exec "$@" > >(exec true) 2>&1', 'bash', ...command];
  }
}

function logFileOf({ directory }: LocalClusters, name: string): string {
  return `${directory}/logs/${name}.log`;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
