import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createAccount } from './accounts.ts';
import { findBinaries } from './binaries.ts';
import { startCluster } from './cluster.ts';
import { hasDocker } from './k3s.ts';
import { KWOK_ALLOCATABLE } from './kwok.ts';
import { layoutOfCluster } from './layout.ts';
import { raiseWatchLimit } from './limits.ts';
import { createNetwork } from './network.ts';
import { type LocalClusters, openClusters } from './open.ts';
import { installPackages } from './packages.ts';
import { planSet } from './plan.ts';
import { startTimeOf } from './process.ts';
import { obtainServicePrograms } from './service-programs.ts';
import {
  claims,
  endRemoval,
  isAbandoned,
  type NodesOptions,
  readState,
  takeRemoval,
  writeState,
} from './state.ts';
import { stopClusters } from './stop.ts';

/** A lower cluster that is wanted. A real kubelet needs root and containerd; without them kwok plays the node. */
export interface LowerClusterOptions {
  readonly name: string;
  readonly nodes: Exclude<NodesOptions, { kind: 'none' }>;
}

export interface StartClustersOptions {
  /** For state, logs and kubeconfigs; made if missing, and removed by `stop`. */
  readonly directory: string;
  readonly lower: readonly LowerClusterOptions[];
  readonly progress?: (line: string) => void;
  /** Ends the start and removes what was started. */
  readonly signal?: AbortSignal | undefined;
  /** Whether whoever next starts clusters may remove these once this process is gone. Not so for `isthmus up`. */
  readonly owned?: boolean;
  /** Whether the API servers write down every write, which `auditLogFile` then names. */
  readonly audited?: boolean;
  /** Names of clusters whose Services may have addresses of IPv6 as well; pods have none. */
  readonly dualStack?: readonly string[];
}

/**
 * Starts an upper cluster named "upper" and the lower ones, and resolves when all nodes are Ready. If anything fails
 * it stops everything again, keeps only the logs, and throws an error with the end of the log that tells why.
 */
export async function startClusters(options: StartClustersOptions): Promise<LocalClusters> {
  const { progress = () => {}, signal } = options;
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const directory = realpathSync(options.directory);
  if (readState(directory)) throw new Error(`there are clusters in ${directory} already`);
  await removeAbandoned(directory, progress);
  raiseWatchLimit(progress);
  const binaries = await findBinaries({ progress, signal });
  const wanted = [
    { name: 'upper', nodes: { kind: 'none' as const } },
    ...(await feasible(options.lower, progress, signal)),
  ];
  const owner = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' };
  try {
    const plan = await planSet(directory, wanted);
    const clusters = plan.clusters.map((one) => ({
      ...one,
      ...(options.audited && { isAudited: true }),
      ...(options.dualStack?.includes(one.name) && { secondServiceCidr: `fd00:${one.index}::/112` }),
    }));
    const state = { ...plan, clusters, ...(options.owned && { owner }), complete: false };
    writeState(directory, state);
    if (state.set !== undefined) {
      const { set } = state;
      await createNetwork(
        set,
        state.clusters.map(({ index, name }) => layoutOfCluster(set, index, name)),
      );
    }
    await Promise.all(
      state.clusters.map(async (cluster) => {
        await startCluster(directory, state.set, cluster, binaries, progress, signal);
        await createAccount(directory, cluster);
      }),
    );
    symlinkSync(binaries.kubectl, join(directory, 'kubectl'));
    writeState(directory, { ...state, complete: true });
    return openClusters(directory);
  } catch (error) {
    await stopClusters(directory, { keepLogs: true });
    throw signal?.aborted ? new Error('interrupted; everything was stopped again') : error;
  }
}

/** What can be had of what is wanted, with a line for everything that cannot. */
async function feasible(
  lower: readonly LowerClusterOptions[],
  progress: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<LowerClusterOptions[]> {
  if (process.env['ISTHMUS_CLUSTERS'] === 'k3s') {
    if (await hasDocker()) return lower.map(({ name }) => ({ name, nodes: { kind: 'k3s' } }));
    progress(
      'ISTHMUS_CLUSTERS=k3s is skipped: no Docker engine answers; the lower clusters are local programs',
    );
  }
  if (!lower.some(({ nodes }) => nodes.kind === 'kubelet')) return [...lower];
  const isRoot = process.getuid?.() === 0;
  const obstacle = isRoot ? await installPackages(progress, signal) : 'a real kubelet needs root';
  if (obstacle === undefined) return withNames(lower, progress, signal);
  return lower.map((cluster) => {
    const { name, nodes } = cluster;
    if (nodes.kind !== 'kubelet') return cluster;
    progress(`cluster ${name}: kwok plays its nodes, no container runs: ${obstacle}`);
    return { name, nodes: { kind: 'kwok', nodes: nodes.played ?? 3, allocatable: KWOK_ALLOCATABLE } };
  });
}

/** The same clusters, without names for Services where what serves them cannot be had. */
async function withNames(
  lower: readonly LowerClusterOptions[],
  progress: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<LowerClusterOptions[]> {
  if (!lower.some(({ nodes }) => nodes.kind === 'kubelet' && nodes.names)) return [...lower];
  const obstacle = await obtainServicePrograms(progress, signal);
  if (obstacle === undefined) return [...lower];
  progress(`pods find no Services by name: ${obstacle}`);
  return lower.map(({ name, nodes }) => ({
    name,
    nodes: nodes.kind === 'kubelet' ? { ...nodes, names: false } : nodes,
  }));
}

/** Removes the sets of test runs that were killed: they would keep their memory and addresses for ever. */
async function removeAbandoned(directory: string, progress: (line: string) => void): Promise<void> {
  for (const claim of claims()) {
    if (claim.directory === directory) await stopClusters(directory, { keepLogs: true });
    else if (isAbandoned(claim.directory)) await removeSet(claim, progress);
  }
}

async function removeSet(
  { set, directory }: { readonly set: number; readonly directory: string },
  progress: (line: string) => void,
): Promise<void> {
  if (!takeRemoval(set)) return;
  try {
    // Another may have removed it between our look and our turn.
    if (!claims().some((claim) => claim.set === set && claim.directory === directory)) return;
    progress(`removing the clusters that were left in ${directory}`);
    await stopClusters(directory);
  } finally {
    endRemoval(set);
  }
}
