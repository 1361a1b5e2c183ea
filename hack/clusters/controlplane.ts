import { join } from 'node:path';
import { openApi } from './api.ts';
import { auditArguments } from './audit.ts';
import { type ClusterFiles, filesOf } from './pki.ts';
import { type ProcessRecord, readRecords } from './process.ts';
import { checkAlive, endProgram, restartProgram, startProgram } from './programs.ts';
import type { ClusterState } from './state.ts';
import type { Binaries } from './versions.ts';
import { waitFor } from './wait.ts';

/** The names of a cluster's programs, as in records and log files. */
export function programName(cluster: string, program: string): string {
  return `${cluster}-${program}`;
}

/** Starts etcd, API server, controller manager and scheduler; resolves when the API server is ready. */
export async function startControlPlane(
  directory: string,
  state: ClusterState,
  binaries: Binaries,
  signal?: AbortSignal,
): Promise<void> {
  const files = filesOf(directory, state.name);
  const start = (program: keyof Binaries, args: string[]) =>
    startProgram(directory, {
      name: programName(state.name, program),
      command: [binaries[program], ...args],
      cluster: state,
    }).record;
  const etcd = start('etcd', etcdArguments(files, state));
  const apiserver = start('kube-apiserver', apiserverArguments(files, state));
  await waitReady(directory, state, [etcd, apiserver], signal);
  start('kube-controller-manager', controllerManagerArguments(files, state));
  start('kube-scheduler', schedulerArguments(files, state));
}

/** Waits until the API server calls itself ready; fails at once when one of the programs it needs has stopped. */
export async function waitReady(
  directory: string,
  state: ClusterState,
  needed: readonly ProcessRecord[],
  signal?: AbortSignal,
): Promise<void> {
  const api = openApi(filesOf(directory, state.name).kubeconfig);
  try {
    await waitFor(
      async () => {
        needed.forEach(checkAlive);
        return api
          .send('GET', '/readyz')
          .then(({ status }) => status === 200)
          .catch(() => false);
      },
      () => `the API server of cluster ${state.name} does not become ready; see ${join(directory, 'logs')}`,
      { within: 60_000, signal },
    );
  } finally {
    api.close();
  }
}

/**
 * Starts again what works against a cluster's API server: whoever lost it tries again only after pauses that grow to a
 * minute (client-go's reflectors wait up to 30 s, and as long again by chance), so nothing would be made or played for
 * so long.
 */
export async function restartControllers(directory: string, cluster: string): Promise<void> {
  const records = readRecords(directory);
  for (const program of ['kube-controller-manager', 'kube-scheduler', 'kwok']) {
    const name = programName(cluster, program);
    if (!records.has(name)) continue;
    await endProgram(directory, name);
    restartProgram(directory, name);
  }
}

function etcdArguments(files: ClusterFiles, { ports }: ClusterState): string[] {
  const client = `https://127.0.0.1:${ports.etcd}`;
  const peer = `https://127.0.0.1:${ports.etcdPeer}`;
  const trust = ['cert-file=etcd.crt', 'key-file=etcd.key', 'trusted-ca-file=etcd-ca.crt'].map((flag) => {
    const [name = '', file = ''] = flag.split('=');
    return `${name}=${files.key(file)}`;
  });
  return [
    `--data-dir=${join(files.folder, 'etcd')}`,
    // The data is thrown away with the cluster: waiting for the disk would only make it slow.
    '--unsafe-no-fsync',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    ...trust.flatMap((flag) => [`--${flag}`, `--peer-${flag}`]),
    '--client-cert-auth',
    '--peer-client-cert-auth',
    '--log-level=warn',
  ];
}

function apiserverArguments(files: ClusterFiles, state: ClusterState): string[] {
  return [
    `--bind-address=${state.namespace ? '0.0.0.0' : state.address}`,
    `--advertise-address=${state.address}`,
    // The endpoints of the service "kubernetes" must not be loopback addresses, so without a network they stay empty.
    ...(state.namespace ? [] : ['--endpoint-reconciler-type=none']),
    `--secure-port=${state.ports.apiserver}`,
    `--service-cluster-ip-range=${[state.serviceCidr, state.secondServiceCidr].filter(Boolean).join(',')}`,
    `--etcd-servers=https://127.0.0.1:${state.ports.etcd}`,
    `--etcd-cafile=${files.key('etcd-ca.crt')}`,
    `--etcd-certfile=${files.key('etcd.crt')}`,
    `--etcd-keyfile=${files.key('etcd.key')}`,
    `--tls-cert-file=${files.key('apiserver.crt')}`,
    `--tls-private-key-file=${files.key('apiserver.key')}`,
    `--client-ca-file=${files.key('ca.crt')}`,
    `--kubelet-client-certificate=${files.key('kubelet-client.crt')}`,
    `--kubelet-client-key=${files.key('kubelet-client.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--requestheader-client-ca-file=${files.key('front-proxy-ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${files.key('front-proxy-client.crt')}`,
    `--proxy-client-key-file=${files.key('front-proxy-client.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${files.key('tokens.pub')}`,
    `--service-account-signing-key-file=${files.key('tokens.key')}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged',
    ...(state.isAudited ? auditArguments(files.folder) : []),
  ];
}

function controllerManagerArguments(files: ClusterFiles, state: ClusterState): string[] {
  return [
    ...commonArguments(files, 'controller-manager', state.ports.controllerManager),
    // Those left out need a cloud, or hand out pod ranges that CNI and kwok hand out here.
    '--controllers=*,-nodeipam,-route,-service',
    '--use-service-account-credentials',
    // Fifteen seconds unless told, for which whoever tries an autoscaler here would wait.
    '--horizontal-pod-autoscaler-sync-period=5s',
    `--service-account-private-key-file=${files.key('tokens.key')}`,
    `--root-ca-file=${files.key('ca.crt')}`,
    `--cluster-signing-cert-file=${files.key('ca.crt')}`,
    `--cluster-signing-key-file=${files.key('ca.key')}`,
    `--service-cluster-ip-range=${state.serviceCidr}`,
  ];
}

/** The flags of a cluster's scheduler; a configuration takes the place of some of them. */
export function schedulerArguments(
  files: ClusterFiles,
  state: ClusterState,
  configuration?: string,
): string[] {
  const flags = commonArguments(files, 'scheduler', state.ports.scheduler);
  return configuration === undefined ? flags : [...flags, `--config=${configuration}`];
}

function commonArguments(files: ClusterFiles, user: string, port: number): string[] {
  const kubeconfig = files.kubeconfigOf(user);
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(files.folder, user)}`,
    '--leader-elect=false',
    // One set of clusters has the machine to itself; the defaults (20 requests a second) would be what tests measure.
    '--kube-api-qps=200',
    '--kube-api-burst=400',
  ];
}
