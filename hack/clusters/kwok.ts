import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { packageFolder } from '../../src/cli/package-folder.ts';
import { openApi } from './api.ts';
import { programName } from './controlplane.ts';
import { halvesOf } from './layout.ts';
import { filesOf } from './pki.ts';
import { startProgram } from './programs.ts';
import { type ClusterState, playedNodesOf } from './state.ts';
import type { Binaries } from './versions.ts';

/** What a kwok node offers if nothing else is asked for: a common size of machine. */
export const KWOK_ALLOCATABLE = { cpu: '32', memory: '256Gi', pods: '110' } as const;

/** The label `pool` of a node: real kubelets are for the web, and where there are none, three played nodes are. */
export type NodePool = 'web' | 'batch';

/** Nobody's user and group: what `kubectl exec` runs in a kwok pod is a process of this machine. */
const NOBODY = 65534;

/** Starts kwok and creates the nodes that it plays; does not wait for them to be ready. */
export async function startKwok(directory: string, state: ClusterState, binaries: Binaries): Promise<void> {
  const { nodes } = state;
  const allocatable = (nodes.kind === 'kwok' && nodes.allocatable) || KWOK_ALLOCATABLE;
  const hasKubelet = nodes.kind === 'kubelet';
  // The kubelet has the port, and half of the addresses.
  const port = hasKubelet ? state.ports.nodes + 1 : state.ports.nodes;
  const podCidr = hasKubelet ? halvesOf(state.podCidr)[1] : state.podCidr;
  const files = filesOf(directory, state.name);
  const folder = join(files.folder, 'kwok');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'pods.log'), podLog());
  writeFileSync(
    join(folder, 'kwok.yaml'),
    kwokConfiguration(join(folder, 'pods.log'), process.getuid?.() === 0),
  );
  startProgram(directory, {
    name: programName(state.name, 'kwok'),
    cluster: state,
    command: [
      binaries.kwok,
      `--kubeconfig=${files.kubeconfigOf('kwok')}`,
      `--config=${join(folder, 'kwok.yaml')}`,
      '--manage-all-nodes=false',
      '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
      '--node-lease-duration-seconds=40',
      `--cidr=${podCidr}`,
      `--node-ip=${state.address}`,
      `--node-port=${port}`,
      `--server-address=${state.address}:${port}`,
      `--tls-cert-file=${files.key('nodes.crt')}`,
      `--tls-private-key-file=${files.key('nodes.key')}`,
    ],
  });
  // The kubelet's own node is the first.
  const first = hasKubelet ? 1 : 0;
  const played = Array.from({ length: playedNodesOf(state) }, (_, index) =>
    kwokNode(state.name, first + index, allocatable, index < 3 && !hasKubelet ? 'web' : 'batch'),
  );
  await createNodes(files.kubeconfig, state.name, played);
}

/** kwok's configuration: the stages of its nodes and pods, and what `kubectl logs` and `exec` of them answer. */
export function kwokConfiguration(logFile: string, asNobody: boolean): string {
  const identity = { apiVersion: 'kwok.x-k8s.io/v1alpha1', metadata: { name: 'all' } };
  const user = asNobody ? { securityContext: { runAsUser: NOBODY, runAsGroup: NOBODY } } : {};
  const logs = [{ logsFile: logFile, previousLogsFile: logFile, follow: true }];
  const documents = [
    { ...identity, kind: 'ClusterLogs', spec: { logs } },
    { ...identity, kind: 'ClusterExec', spec: { execs: [{ local: { workDir: '/tmp', ...user } }] } },
  ];
  const stages = readFileSync(join(packageFolder(), 'hack', 'tools', 'kwok', 'stages.yaml'), 'utf8');
  return [stages, ...documents.map((document) => stringify(document))].join('---\n');
}

/** A kwok node, spread over three zones so that there is something to spread over. */
export function kwokNode(
  cluster: string,
  index: number,
  allocatable: Readonly<Record<string, string>>,
  pool: NodePool = 'batch',
): object {
  const name = `${cluster}-node-${index}`;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake', 'node.alpha.kubernetes.io/ttl': '0' },
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': process.arch === 'arm64' ? 'arm64' : 'amd64',
        'topology.kubernetes.io/region': cluster,
        'topology.kubernetes.io/zone': `${cluster}-${index % 3}`,
        type: 'kwok',
        pool,
      },
    },
    status: { allocatable, capacity: allocatable },
  };
}

async function createNodes(kubeconfig: string, cluster: string, nodes: readonly object[]): Promise<void> {
  const api = openApi(kubeconfig);
  const create = async (node: object) => {
    const { status, body } = await api.send('POST', '/api/v1/nodes', node);
    if (status !== 201 && status !== 409) throw new Error(`a node of cluster ${cluster}: ${status} ${body}`);
  };
  try {
    await Promise.all(nodes.map(create));
  } finally {
    api.close();
  }
}

/** Log lines as a container runtime writes them: time, stream, F for a full line. */
function podLog(): string {
  const start = Date.now();
  const line = (text: string, index: number) =>
    `${new Date(start + index).toISOString().replace('Z', '000000Z')} stdout F ${text}\n`;
  return [
    'this pod is played by kwok: it has no container',
    'every kwok pod answers with this log',
    'hello from kwok',
  ]
    .map(line)
    .join('');
}
