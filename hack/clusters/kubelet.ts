import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { createCgroup } from './cgroups.ts';
import { containerdSocket, startContainerd } from './containerd.ts';
import { programName } from './controlplane.ts';
import { layoutOfCluster } from './layout.ts';
import { type ClusterFiles, filesOf, kubeletNodeOf } from './pki.ts';
import { startProgram } from './programs.ts';
import type { ClusterState } from './state.ts';
import type { Binaries } from './versions.ts';

/** Starts containerd and a kubelet on it; does not wait for the node to be ready. */
export async function startKubelet(
  directory: string,
  set: number,
  state: ClusterState,
  binaries: Binaries,
  signal?: AbortSignal,
): Promise<void> {
  const files = filesOf(directory, state.name);
  const folder = join(files.folder, 'kubelet');
  const { cgroup } = layoutOfCluster(set, state.index, state.name);
  mkdirSync(folder, { recursive: true });
  createCgroup(cgroup);
  await startContainerd(directory, set, state, signal);
  writeFileSync(join(folder, 'resolv.conf'), '');
  const configuration = join(folder, 'config.yaml');
  writeFileSync(
    configuration,
    stringify({
      ...kubeletConfiguration(files, folder, cgroup, containerdSocket(set, state.name)),
      ...(state.nodes.kind === 'kubelet' &&
        state.nodes.names && { clusterDNS: [state.address], clusterDomain: 'cluster.local' }),
    }),
  );
  startProgram(directory, {
    name: programName(state.name, 'kubelet'),
    cluster: state,
    command: [
      binaries.kubelet,
      `--config=${configuration}`,
      `--kubeconfig=${files.kubeconfigOf('kubelet')}`,
      `--hostname-override=${kubeletNodeOf(state.name)}`,
      '--node-labels=pool=web',
      `--node-ip=${state.address}`,
      `--root-dir=${join(folder, 'root')}`,
      `--cert-dir=${join(folder, 'pki')}`,
    ],
  });
}

/** The configuration of a kubelet that shares its machine with others and may be root in a container only. */
export function kubeletConfiguration(
  files: ClusterFiles,
  folder: string,
  cgroup: string,
  socket: string,
): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: files.key('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: files.key('nodes.crt'),
    tlsPrivateKeyFile: files.key('nodes.key'),
    containerRuntimeEndpoint: `unix://${socket}`,
    podLogsDir: join(folder, 'pods'),
    volumePluginDir: join(folder, 'plugins'),
    resolvConf: join(folder, 'resolv.conf'),
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    featureGates: { KubeletInUserNamespace: true },
    // The machine's disk is not this cluster's: how full it is must not evict pods or delete the imported images.
    localStorageCapacityIsolation: false,
    evictionHard: {},
    imageGCHighThresholdPercent: 100,
    makeIPTablesUtilChains: false,
    maxPods: 250,
    // Changed ConfigMaps reach running containers within seconds instead of a minute.
    syncFrequency: '5s',
  };
}
