import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programName } from './controlplane.ts';
import { execute, mustExecute } from './exec.ts';
import { PAUSE_IMAGE, writeImages } from './images.ts';
import { halvesOf, layoutOfCluster } from './layout.ts';
import { filesOf } from './pki.ts';
import { checkAlive, startProgram } from './programs.ts';
import { type ClusterState, playedNodesOf, runFolder } from './state.ts';
import { waitFor } from './wait.ts';

/** Where a cluster's containerd listens. */
export function containerdSocket(set: number, cluster: string): string {
  return join(runFolder(set, cluster), 'containerd.sock');
}

/** Starts a containerd of the cluster's own, with its own CNI network, and gives it the images. */
export async function startContainerd(
  directory: string,
  set: number,
  state: ClusterState,
  signal?: AbortSignal,
): Promise<void> {
  const folder = join(filesOf(directory, state.name).folder, 'containerd');
  const socket = containerdSocket(set, state.name);
  mkdirSync(join(folder, 'cni'), { recursive: true });
  mkdirSync(runFolder(set, state.name), { recursive: true, mode: 0o700 });
  const network = layoutOfCluster(set, state.index, state.name).cgroup;
  writeFileSync(join(folder, 'cni', '10-bridge.conflist'), cniConfiguration(network, state, folder));
  const file = join(folder, 'config.toml');
  writeFileSync(file, containerdConfiguration(folder, runFolder(set, state.name), socket));
  const name = programName(state.name, 'containerd');
  const { record } = startProgram(directory, {
    name,
    command: ['containerd', '--config', file],
    cluster: state,
  });
  await waitFor(
    async () => checkAlive(record) && (await execute('ctr', ['-a', socket, 'version'])).exitCode === 0,
    () => `containerd of cluster ${state.name} does not answer`,
    { within: 20_000, every: 100, signal },
  );
  const archive = join(folder, 'images.tar');
  await writeImages(archive);
  await mustExecute('ctr', ['-a', socket, '-n', 'k8s.io', 'images', 'import', archive], { signal });
  rmSync(archive);
}

/** containerd's configuration: everything in the given folders, nothing in the places a system containerd uses. */
export function containerdConfiguration(folder: string, run: string, socket: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = ${JSON.stringify(join(folder, 'root'))}
state = ${JSON.stringify(join(run, 'containerd'))}
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
address = ${JSON.stringify(socket)}
[${cri}]
sandbox_image = "${PAUSE_IMAGE}"
# A container of ours may have no CAP_SYS_RESOURCE, which a lower score than the own takes.
restrict_oom_score_adj = true
disable_apparmor = true
# The pods' network namespaces go below the state folder, so that nothing of them can stay in /run/netns.
netns_mounts_under_state_dir = true
[${cri}.cni]
bin_dir = "${existsSync('/usr/lib/cni/bridge') ? '/usr/lib/cni' : '/opt/cni/bin'}"
conf_dir = ${JSON.stringify(join(folder, 'cni'))}
[${cri}.containerd]
snapshotter = "${snapshotterFor(folder)}"
default_runtime_name = "runc"
[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
SystemdCgroup = false
`;
}

function cniConfiguration(network: string, state: ClusterState, folder: string): string {
  const ipam = {
    type: 'host-local',
    // The other half is for what kwok plays.
    ranges: [[{ subnet: playedNodesOf(state) > 0 ? halvesOf(state.podCidr)[0] : state.podCidr }]],
    routes: [{ dst: '0.0.0.0/0' }],
    dataDir: join(folder, 'addresses'),
  };
  // No masquerading: the other clusters have routes to these pods.
  const bridge = { type: 'bridge', bridge: 'pods', isGateway: true, ipMasq: false, hairpinMode: true, ipam };
  return JSON.stringify({ cniVersion: '1.0.0', name: network, plugins: [bridge] }, undefined, 2);
}

/** Overlays cannot be stacked on an overlay, which is what the root of a container is. */
function snapshotterFor(folder: string): 'overlayfs' | 'native' {
  const OVERLAYFS_MAGIC = 0x794c7630;
  return statfsSync(folder).type === OVERLAYFS_MAGIC ? 'native' : 'overlayfs';
}

/** The shims' own sockets, which are not in containerd's folders: each bundle tells its shim's. */
export function shimSockets(run: string): string[] {
  const tasks = join(run, 'containerd', 'io.containerd.runtime.v2.task', 'k8s.io');
  if (!existsSync(tasks)) return [];
  return readdirSync(tasks)
    .map((task) => join(tasks, task, 'address'))
    .filter((file) => existsSync(file))
    .map((file) =>
      readFileSync(file, 'utf8')
        .trim()
        .replace(/^unix:\/\//, ''),
    );
}
