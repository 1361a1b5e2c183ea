import { join } from 'node:path';
import { packageFolder } from '../../src/cli/package-folder.ts';
import { openApi } from './api.ts';
import type { LocalClusters } from './open.ts';
import { filesOf } from './pki.ts';
import { freePorts } from './plan.ts';
import { isAlive, type ProcessRecord, readRecords } from './process.ts';
import { checkAlive, recordOf } from './programs.ts';
import { waitFor } from './wait.ts';

interface Node {
  readonly status?: {
    readonly conditions?: { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

/** The virtual node that stands for a lower cluster. */
function virtualNodeOf(cluster: string): string {
  return `vk-${cluster}`;
}

/** Starts one provider for each lower cluster, unless it runs already; each in the upper cluster's namespace. */
export async function startProviders(clusters: LocalClusters): Promise<void> {
  const lower = [...clusters.lower.values()];
  // In a namespace the ports are ours; on loopback anybody may have them.
  const ports = clusters.upper.namespace
    ? lower.map((_, index) => 10350 + index)
    : await freePorts(lower.length);
  const records = readRecords(clusters.directory);
  for (const [index, cluster] of lower.entries()) {
    const node = virtualNodeOf(cluster.name);
    const record = records.get(node);
    if (record && isAlive(record)) continue;
    const files = filesOf(clusters.directory, clusters.upper.name);
    const flags = ['--nodename', node, '--provider', 'k8s', '--log-level', 'info'];
    const kubeconfigs = [
      '--kubeconfig',
      clusters.upper.providerKubeconfig,
      '--client-kubeconfig',
      cluster.providerKubeconfig,
    ];
    const isthmus = join(packageFolder(), 'bin', 'isthmus');
    await clusters.run(node, [process.execPath, isthmus, 'provider', ...flags, ...kubeconfigs], {
      KUBELET_PORT: String(ports[index]),
      VKUBELET_POD_IP: clusters.upper.address,
      APISERVER_CERT_LOCATION: files.key('nodes.crt'),
      APISERVER_KEY_LOCATION: files.key('nodes.key'),
    });
  }
}

/** Waits until every virtual node is Ready; fails with the end of its log when a provider stops before. */
export async function waitForVirtualNodes(clusters: LocalClusters, signal?: AbortSignal): Promise<void> {
  const names = [...clusters.lower.keys()].map(virtualNodeOf);
  const records: ProcessRecord[] = names.map((name) => recordOf(clusters.directory, name));
  const api = openApi(clusters.upper.kubeconfig);
  let waitingFor = names;
  try {
    await waitFor(
      async () => {
        records.forEach(checkAlive);
        const nodes = await Promise.all(names.map((name) => api.get<Node>(`/api/v1/nodes/${name}`)));
        waitingFor = names.filter((_, index) => !isReady(nodes[index]));
        return waitingFor.length === 0;
      },
      () => `not ready: ${waitingFor.join(', ')}; see ${join(clusters.directory, 'logs')}`,
      { within: 60_000, every: 200, signal },
    );
  } finally {
    api.close();
  }
}

function isReady(node: Node | undefined): boolean {
  return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
