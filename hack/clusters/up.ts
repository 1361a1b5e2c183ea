import { join } from 'node:path';
import { type LowerClusterOptions, startClusters } from './clusters.ts';
import { startLocalDescheduler } from './descheduler.ts';
import { which } from './exec.ts';
import { stateFolder } from './folders.ts';
import { startLocalMultischeduler } from './multischeduler.ts';
import type { LocalClusters } from './open.ts';
import { startProviders, waitForVirtualNodes } from './providers.ts';
import { hasRemains, runningClusters } from './running.ts';
import { stopClusters } from './stop.ts';
import { startLocalWebhook } from './webhook.ts';

/** What `isthmus up` has brought up. */
export interface LocalUp {
  readonly clusters: LocalClusters;
  /** True if nothing had to be started. */
  readonly wasUp: boolean;
  /** How to call a kubectl: by its name if there is one on PATH. */
  readonly kubectl: string;
}

export interface BringUpOptions {
  readonly kwokNodes: number;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The user's clusters: those that run already, else new ones, after removing what a broken start has left. */
export async function bringUp({ kwokNodes, progress, signal }: BringUpOptions): Promise<LocalUp> {
  const directory = stateFolder();
  const call = (await which('kubectl')) ? 'kubectl' : join(directory, 'kubectl');
  const running = runningClusters(directory);
  if (running) return { clusters: running, wasUp: true, kubectl: call };
  if (hasRemains(directory)) {
    progress('removing what is left of clusters that do not run any more');
    await stopClusters(directory);
  }
  const lower: LowerClusterOptions[] = [
    { name: 'a', nodes: { kind: 'kubelet', names: true } },
    { name: 'b', nodes: { kind: 'kubelet', names: true, played: kwokNodes } },
  ];
  return {
    clusters: await startClusters({ directory, lower, progress, signal }),
    wasUp: false,
    kubectl: call,
  };
}

/**
 * Joins every lower cluster by a provider, with a webhook, a multischeduler and a descheduler for all. If one does not
 * come up, the clusters are stopped, but for their logs.
 */
export async function joinAll({ clusters, wasUp }: LocalUp, signal?: AbortSignal): Promise<void> {
  try {
    await startProviders(clusters);
    await waitForVirtualNodes(clusters, signal);
    await startLocalWebhook(clusters);
    await startLocalMultischeduler(clusters);
    await startLocalDescheduler(clusters);
  } catch (error) {
    // Clusters that somebody is working with are not taken away for a provider that does not start again.
    if (!wasUp) await stopClusters(clusters.directory, { keepLogs: true });
    throw signal?.aborted ? new Error('interrupted') : error;
  }
}

/** Stops the user's clusters; false if there were none. */
export async function bringDown(): Promise<boolean> {
  const directory = stateFolder();
  if (!hasRemains(directory)) return false;
  await stopClusters(directory);
  return true;
}
