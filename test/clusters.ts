import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { findBinaries } from '../hack/clusters/binaries.ts';
import { type CommandOptions, type CommandResult, execute } from '../hack/clusters/exec.ts';
import { kubectlEnvironment } from '../hack/clusters/kubectl.ts';
import { type LocalCluster, type LocalClusters, openClusters as open } from '../hack/clusters/open.ts';

/** The clusters of this test run, or those in another directory. */
export function openClusters(directory: string = inject('clustersDirectory')): LocalClusters {
  return open(directory);
}

/** The lower cluster of this name; throws if the run has none. */
export function lowerCluster(clusters: LocalClusters, name: string): LocalCluster {
  const cluster = clusters.lower.get(name);
  if (!cluster) throw new Error(`the test run has no cluster ${name}`);
  return cluster;
}

/** Runs the kubectl of the clusters' own version as administrator of a cluster. A bad exit code is a result. */
export async function kubectl(cluster: LocalCluster, ...args: string[]): Promise<CommandResult> {
  return kubectlWith({}, cluster, ...args);
}

/** Takes the pods of a namespace away at once, and does not wait: they may run on for a moment. */
export async function deleteAllPodsNow(
  cluster: LocalCluster,
  namespace: string,
  ...which: string[]
): Promise<void> {
  const now = ['--force', '--grace-period=0', '--wait=false'];
  await kubectl(
    cluster,
    '-n',
    namespace,
    'delete',
    'pods',
    ...(which.length > 0 ? which : ['--all']),
    ...now,
  );
}

export interface KubectlOptions extends Omit<CommandOptions, 'environment'> {
  /** Another kubectl, for instance an older one on PATH. */
  readonly binary?: string;
}

/** Like `kubectl`, with stdin, an abort signal or another binary. */
export async function kubectlWith(
  { binary, ...options }: KubectlOptions,
  cluster: LocalCluster,
  ...args: string[]
): Promise<CommandResult> {
  const command = binary ?? (await findBinaries()).kubectl;
  const environment = kubectlEnvironment(cluster);
  return execute(command, ['--kubeconfig', cluster.kubeconfig, ...args], { ...options, environment });
}

/** Applies one manifest, given as an object; throws what kubectl says if it is refused. */
export async function apply(cluster: LocalCluster, manifest: object): Promise<void> {
  const { exitCode, stderr } = await kubectlWith(
    { input: JSON.stringify(manifest) },
    cluster,
    'apply',
    '-f',
    '-',
  );
  if (exitCode !== 0) throw new Error(stderr);
}

/** Asks until the check does not throw any more, and returns its answer; time running out throws its last error. */
export async function eventually<T>(
  check: () => Promise<T> | T,
  { within = 30_000, every = 100 }: { readonly within?: number; readonly every?: number } = {},
): Promise<T> {
  const end = Date.now() + within;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await sleep(every);
  }
}
