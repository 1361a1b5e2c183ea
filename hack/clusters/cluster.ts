import { openApi } from './api.ts';
import { startClusterServices } from './cluster-services.ts';
import { startControlPlane } from './controlplane.ts';
import { startK3s } from './k3s.ts';
import { startKubelet } from './kubelet.ts';
import { startKwok } from './kwok.ts';
import { createPki, filesOf } from './pki.ts';
import { type ProcessRecord, readRecords } from './process.ts';
import { checkAlive } from './programs.ts';
import { type ClusterState, playedNodesOf } from './state.ts';
import type { Binaries } from './versions.ts';
import { waitFor } from './wait.ts';

interface NodeList {
  readonly items: {
    readonly status?: { readonly conditions?: { readonly type: string; readonly status: string }[] };
  }[];
}

/** Starts one cluster of a set whose network exists; resolves when it takes pods on all of its nodes. */
export async function startCluster(
  directory: string,
  set: number | undefined,
  state: ClusterState,
  binaries: Binaries,
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const started = Date.now();
  const { name, nodes } = state;
  if (nodes.kind === 'k3s') {
    await startK3s(directory, set, state);
    await waitUsable(directory, state, signal);
    progress(`cluster ${name}: ready after ${seconds(started)} s (a k3s container)`);
    return;
  }
  await createPki(directory, state);
  await startControlPlane(directory, state, binaries, signal);
  progress(`cluster ${name}: API server ready after ${seconds(started)} s`);
  if (playedNodesOf(state) > 0) await startKwok(directory, state, binaries);
  if (nodes.kind === 'kubelet' && set !== undefined)
    await startKubelet(directory, set, state, binaries, signal);
  if (nodes.kind === 'kubelet' && nodes.names) await startClusterServices(directory, state);
  await waitUsable(directory, state, signal);
  progress(`cluster ${name}: ready after ${seconds(started)} s (${describe(state)})`);
}

/** Waits until pods can be created (their service account exists) and every node is Ready. */
async function waitUsable(directory: string, state: ClusterState, signal?: AbortSignal): Promise<void> {
  const real = state.nodes.kind === 'kubelet' || state.nodes.kind === 'k3s' ? 1 : 0;
  const wanted = real + playedNodesOf(state);
  const own: ProcessRecord[] = [...readRecords(directory).values()].filter(({ name }) =>
    name.startsWith(`${state.name}-`),
  );
  const api = openApi(filesOf(directory, state.name).kubeconfig);
  let ready = 0;
  try {
    await waitFor(
      async () => {
        own.forEach(checkAlive);
        const account = await api.get('/api/v1/namespaces/default/serviceaccounts/default');
        const list = wanted > 0 ? await api.get<NodeList>('/api/v1/nodes?resourceVersion=0') : undefined;
        ready = list?.items.filter(isReady).length ?? 0;
        return account !== undefined && ready === wanted;
      },
      () => `cluster ${state.name}: ${ready} of ${wanted} nodes are ready; see ${directory}/logs`,
      { within: 90_000, every: 200, signal },
    );
  } finally {
    api.close();
  }
}

function isReady({ status }: NodeList['items'][number]): boolean {
  return (
    status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ??
    false
  );
}

function describe({ nodes }: ClusterState): string {
  if (nodes.kind === 'kwok') return `${nodes.nodes} kwok nodes`;
  if (nodes.kind !== 'kubelet') return 'no node of its own';
  return `one node with a real kubelet${nodes.played ? `, ${nodes.played} kwok nodes` : ''}`;
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(1);
}
