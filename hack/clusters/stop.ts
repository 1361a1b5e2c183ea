import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupsOf, removeCgroup } from './cgroups.ts';
import { shimSockets } from './containerd.ts';
import { stopAllPods } from './cri.ts';
import { removeK3s } from './k3s.ts';
import { layoutOfSet } from './layout.ts';
import { unmountBelow } from './mounts.ts';
import { removeNetwork } from './network.ts';
import { endProcess, processesOf, readRecords, send } from './process.ts';
import { isOfCluster } from './programs.ts';
import { claims, RUN_FOLDER, readState, release } from './state.ts';
import { messageOf } from './text.ts';

/**
 * Stops everything that was started for a directory, by whichever process, whole or half, and removes it: processes,
 * pods, mounts, cgroups, namespaces, links, addresses, and the directory itself (but for its logs, if asked).
 * May be called any number of times. Does all it can before it throws.
 */
export async function stopClusters(
  place: string,
  options: { readonly keepLogs?: boolean } = {},
): Promise<void> {
  const directory = existsSync(place) ? realpathSync(place) : place;
  const failures: string[] = [];
  const attempt = async (what: string, step: () => Promise<unknown> | unknown) => {
    try {
      await step();
    } catch (error) {
      failures.push(`${what}: ${messageOf(error)}`);
    }
  };
  const sets = claims().filter((claim) => claim.directory === directory);
  const runFolders = sets.flatMap(({ set }) => runFoldersOf(set));
  const hasContainers = readState(directory)?.clusters.some(({ nodes }) => nodes.kind === 'k3s');
  const sockets = runFolders.flatMap(shimSockets);

  await attempt('programs', () => endAll(directory, (name) => !isOfCluster(name), 'SIGTERM'));
  // A kubelet that still ran would start again what is stopped below it.
  await attempt('kubelets', () => endAll(directory, (name) => name.endsWith('-kubelet'), 'SIGKILL'));
  // Through the runtime, since it takes the pods' network namespaces and addresses along.
  await Promise.all(runFolders.map((run) => attempt('pods', () => stopPodsOf(run))));
  await attempt('containerd', () => endAll(directory, (name) => name.endsWith('-containerd'), 'SIGTERM'));
  // The rest at once and without asking: an API server waits long for an etcd that went first, and nothing is kept.
  await attempt('processes', () => endAll(directory, () => true, 'SIGKILL'));
  await attempt('strays', () => endStrays(directory));
  if (hasContainers) await attempt('containers', () => removeK3s(directory));
  for (const { set } of sets) {
    for (const cgroup of cgroupsOf(`${layoutOfSet(set).hub}-`))
      await attempt('cgroups', () => removeCgroup(cgroup));
  }
  for (const folder of [...runFolders, directory]) await attempt('mounts', () => unmountBelow(folder));
  for (const { set } of sets) {
    await attempt('network', () => removeNetwork(set));
    await attempt('leftovers', () => removeLeftovers(set, directory));
  }
  for (const path of [...sockets, ...runFolders]) rmSync(path, { recursive: true, force: true });
  await attempt('files', () => removeFiles(directory, options.keepLogs ?? false));
  if (failures.length > 0) throw new Error(`not everything could be stopped: ${failures.join('; ')}`);
  for (const { set } of sets) release(set);
}

async function endAll(
  directory: string,
  which: (name: string) => boolean,
  signal: NodeJS.Signals,
): Promise<void> {
  const records = [...readRecords(directory).values()].filter(({ name }) => which(name));
  await Promise.all(records.map((record) => endProcess(record, signal)));
}

/** Ends what carries the directory's mark without a record, again and again: a stray may start another. */
async function endStrays(directory: string): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const strays = processesOf(directory);
    if (strays.length === 0) return;
    for (const stray of strays) send(stray, 'SIGKILL');
    await Promise.all(strays.map((stray) => endProcess(stray)));
  }
}

async function stopPodsOf(run: string): Promise<void> {
  const socket = join(run, 'containerd.sock');
  // A runtime that is dead leaves its containers to the removal of their cgroup.
  if (existsSync(socket)) await stopAllPods(socket).catch(() => {});
}

function runFoldersOf(set: number): string[] {
  return readdirSync(RUN_FOLDER)
    .filter((name) => name.startsWith(`${set}-`))
    .map((name) => join(RUN_FOLDER, name));
}

/** What kubelet and CNI keep in places that cannot be configured, as far as it is this set's. */
function removeLeftovers(set: number, directory: string): void {
  removeWhere('/var/lib/cni/results', (name) => name.startsWith(`${layoutOfSet(set).hub}-`));
  removeWhere(
    '/var/log/containers',
    (_, path) => lstatSync(path).isSymbolicLink() && readlinkSync(path).startsWith(directory),
  );
}

function removeWhere(folder: string, isOurs: (name: string, path: string) => boolean): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (isOurs(name, path)) rmSync(path, { force: true });
  }
}

function removeFiles(directory: string, keepLogs: boolean): void {
  if (!keepLogs) rmSync(directory, { recursive: true, force: true });
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) {
    if (name !== 'logs') rmSync(join(directory, name), { recursive: true, force: true });
  }
}
