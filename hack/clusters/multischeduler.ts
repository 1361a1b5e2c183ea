import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { packageFolder } from '../../src/cli/package-folder.ts';
import { findBinaries } from './binaries.ts';
import { programName, schedulerArguments } from './controlplane.ts';
import { stateFolder } from './folders.ts';
import type { LocalClusters } from './open.ts';
import { filesOf } from './pki.ts';
import { freePorts } from './plan.ts';
import { isAlive, readRecords } from './process.ts';
import { checkAlive, endProgram, type RunningProgram, recordOf, startProgram } from './programs.ts';
import { readState } from './state.ts';
import { waitFor } from './wait.ts';

interface SchedulerConfiguration {
  clientConnection?: object;
  leaderElection?: object;
  extenders?: { urlPrefix: string; tlsConfig: { caFile: string } }[];
}

/** A multischeduler beside the upper kube-scheduler, which asks it. */
export interface LocalMultischeduler {
  readonly program: RunningProgram;
  /** Base of its URLs, and who signed its certificate. */
  readonly url: string;
  readonly caFile: string;
  /** Ends it, and starts the upper kube-scheduler without it again. */
  stop(): Promise<void>;
}

const name = 'multischeduler';

/** The file that names the lower clusters of `isthmus up`. */
export function localClustersFile(directory: string): string {
  return join(directory, 'clusters.yaml');
}

/** That of the clusters that are up, if there are any. */
export function findLocalClustersFile(): string | undefined {
  const file = localClustersFile(stateFolder());
  return existsSync(file) ? file : undefined;
}

/** Starts a multischeduler for the virtual nodes of `isthmus up`, unless one runs. */
export async function startLocalMultischeduler(clusters: LocalClusters): Promise<void> {
  const record = readRecords(clusters.directory).get(name);
  if (record && isAlive(record)) return;
  const entries = [...clusters.lower.values()].map((cluster) => ({
    name: cluster.name,
    nodeName: `vk-${cluster.name}`,
    kubeconfig: cluster.providerKubeconfig,
  }));
  const file = localClustersFile(clusters.directory);
  writeFileSync(file, stringify({ clusters: entries }));
  await startMultischeduler(clusters, ['--clusters', file]);
}

/**
 * Starts a multischeduler with these flags in the upper cluster's network, and the upper kube-scheduler again with the
 * configuration of deploy/kube-scheduler.yaml.
 */
export async function startMultischeduler(
  clusters: LocalClusters,
  flags: readonly string[],
): Promise<LocalMultischeduler> {
  const { directory, upper } = clusters;
  const folder = join(filesOf(directory, upper.name).folder, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const port = upper.namespace ? 10290 : ((await freePorts(1))[0] ?? 0);
  const caFile = join(folder, 'ca.crt');
  const url = `https://127.0.0.1:${port}`;
  const program = await clusters.run(name, [
    process.execPath,
    join(packageFolder(), 'bin', 'isthmus'),
    name,
    `--kubeconfig=${upper.multischedulerKubeconfig}`,
    `--address=127.0.0.1:${port}`,
    `--cert-dir=${folder}`,
    ...flags,
  ]);
  const isServing = () => program.log().includes('answers schedulers');
  await waitFor(
    () => checkAlive(recordOf(directory, name)) && existsSync(caFile) && isServing(),
    () => `the multischeduler does not serve; see ${program.logFile}`,
    { within: 30_000 },
  );
  const configuration = join(folder, 'kube-scheduler.yaml');
  writeFileSync(configuration, schedulerConfiguration(clusters, url, caFile));
  await restartScheduler(clusters, configuration);
  return {
    program,
    url,
    caFile,
    async stop() {
      await restartScheduler(clusters);
      program.kill('SIGTERM');
      await program.exited;
    },
  };
}

/** Starts the upper kube-scheduler again, with a configuration or with its flags alone. */
async function restartScheduler({ directory }: LocalClusters, configuration?: string): Promise<void> {
  const state = readState(directory)?.clusters[0];
  if (!state) throw new Error(`${directory} has no upper cluster`);
  const binaries = await findBinaries();
  const program = programName(state.name, 'kube-scheduler');
  await endProgram(directory, program, 'SIGTERM');
  const args = schedulerArguments(filesOf(directory, state.name), state, configuration);
  startProgram(directory, { name: program, command: [binaries['kube-scheduler'], ...args], cluster: state });
}

/** What is deployed, but for what is about this machine. */
function schedulerConfiguration({ directory, upper }: LocalClusters, url: string, caFile: string): string {
  const deployed = readFileSync(join(packageFolder(), 'deploy', 'kube-scheduler.yaml'), 'utf8');
  const configuration = parse(deployed) as SchedulerConfiguration;
  const kubeconfig = filesOf(directory, upper.name).kubeconfigOf('scheduler');
  const [extender] = configuration.extenders ?? [];
  if (!extender) throw new Error('deploy/kube-scheduler.yaml has no extender');
  return stringify({
    ...configuration,
    // As in the flags of the other schedulers here, which a file replaces.
    clientConnection: { kubeconfig, qps: 200, burst: 400 },
    leaderElection: { leaderElect: false },
    extenders: [{ ...extender, urlPrefix: url, tlsConfig: { caFile } }],
  });
}
