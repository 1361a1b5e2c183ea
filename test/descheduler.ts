import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from '../hack/clusters/exec.ts';
import type { LocalClusters } from '../hack/clusters/open.ts';
import { eventually, kubectl } from './clusters.ts';
import { isthmus } from './provider.ts';

/** A process of `isthmus descheduler` in the upper cluster's network, under its own account. */
export interface DeschedulerReplica {
  readonly pid: number;
  /** SIGKILL, and resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  log(): string;
}

let started = 0;

function commandOf(clusters: LocalClusters, flags: readonly string[]): string[] {
  const own = ['--kubeconfig', clusters.upper.deschedulerKubeconfig, '--metrics-addr='];
  return [process.execPath, isthmus, 'descheduler', ...own, ...flags];
}

/** Starts a replica; resolves when it has begun. */
export async function startDescheduler(
  clusters: LocalClusters,
  ...flags: string[]
): Promise<DeschedulerReplica> {
  started += 1;
  const program = await clusters.run(`descheduler-${process.pid}-${started}`, commandOf(clusters, flags));
  const { log } = program;
  const end = async (signal: NodeJS.Signals) => {
    program.kill(signal);
    return program.exited;
  };
  await eventually(() => {
    if (!log().includes('looks after virtual pods'))
      throw new Error(`the descheduler does not start: ${log()}`);
  });
  return { pid: program.pid, log, kill: async () => void (await end('SIGKILL')), stop: () => end('SIGTERM') };
}

/** Takes away what was tried in vain. */
export async function forgetTried({ upper }: LocalClusters): Promise<void> {
  const what = ['configmap', 'isthmus-tried', '--ignore-not-found'];
  await kubectl(upper, '-n', 'isthmus-system', 'delete', ...what);
}

/** What one round would do, as `--dry-run` prints it. */
export async function planOf(clusters: LocalClusters, ...flags: string[]): Promise<string[]> {
  return (await runOnce(clusters, ...flags, '--dry-run')).split('\n').filter(Boolean);
}

/** Runs it to its end, and returns what it printed. */
export async function runOnce(clusters: LocalClusters, ...flags: string[]): Promise<string> {
  // It reaches every cluster from this machine, too.
  const [command = '', ...args] = commandOf(clusters, flags);
  const { stdout, stderr, exitCode } = await execute(command, args);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}

/** Writes a policy that has these strategies with these parameters, and no other. */
export function policyFile(folder: string, params: Readonly<Record<string, object>>): string {
  const names = ['LowerUnschedulable', 'PodLifeTime', 'Fragmentation'];
  const strategies = Object.fromEntries(
    names.map((name) => [name, params[name] ? { enabled: true, params: params[name] } : { enabled: false }]),
  );
  const path = join(folder, `policy-${Object.keys(params).join('-')}.yaml`);
  const policy = { apiVersion: 'descheduler/v1alpha1', kind: 'DeschedulerPolicy', strategies };
  writeFileSync(path, JSON.stringify(policy));
  return path;
}
