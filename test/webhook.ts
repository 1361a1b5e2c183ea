import { join } from 'node:path';
import type { LocalCluster, LocalClusters } from '../hack/clusters/open.ts';
import { freePorts } from '../hack/clusters/plan.ts';
import {
  installWebhook,
  leadTo as leadToUrl,
  webhookName,
  writeWebhookKubeconfig,
} from '../hack/clusters/webhook.ts';
import { eventually, kubectl } from './clusters.ts';
import { isthmus } from './provider.ts';

/** A process of `isthmus webhook` in the upper cluster's network, under its own account. */
export interface WebhookReplica {
  readonly port: number;
  /** SIGKILL, and resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  log(): string;
}

/** Applies the configuration with the address of a replica in the place of the Service. */
export async function leadTo(upper: LocalCluster, { port }: Pick<WebhookReplica, 'port'>): Promise<void> {
  await leadToUrl(upper, `https://${upper.address}:${port}/mutate`);
}

/** Takes away all of it. */
export async function removeWebhook(upper: LocalCluster): Promise<void> {
  await kubectl(upper, 'delete', 'mutatingwebhookconfiguration', webhookName, '--ignore-not-found');
  await kubectl(upper, 'delete', 'clusterrole,clusterrolebinding', webhookName, '--ignore-not-found');
  await kubectl(upper, 'delete', 'namespace', webhookName, '--ignore-not-found', '--wait=false');
}

/** A webhook that the upper cluster asks, for a test that is about something else. */
export async function openWebhook(clusters: LocalClusters): Promise<{ close(): Promise<void> }> {
  let webhook: WebhookReplica | undefined;
  const close = async () => {
    // First: without it nobody makes virtual pods until somebody serves.
    await removeWebhook(clusters.upper);
    await webhook?.kill();
  };
  try {
    await installWebhook(clusters.upper);
    webhook = await startWebhook(clusters);
    await leadTo(clusters.upper, webhook);
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

let started = 0;

/** Starts a replica; resolves when it serves. */
export async function startWebhook(clusters: LocalClusters, ...flags: string[]): Promise<WebhookReplica> {
  const { upper, directory } = clusters;
  const [port = 0] = await freePorts(1);
  started += 1;
  const kubeconfig = join(directory, `webhook-${process.pid}-${started}.kubeconfig`);
  await writeWebhookKubeconfig(upper, kubeconfig);
  const own = ['--kubeconfig', kubeconfig, '--port', `${port}`, '--metrics-addr='];
  const command = [process.execPath, isthmus, 'webhook', ...own, ...flags];
  const program = await clusters.run(`webhook-${process.pid}-${started}`, command);
  const { log } = program;
  const end = async (signal: NodeJS.Signals) => {
    program.kill(signal);
    return program.exited;
  };
  await eventually(() => {
    if (!log().includes('at work"')) throw new Error(`the webhook does not start: ${log()}`);
  });
  return { port, log, kill: async () => void (await end('SIGKILL')), stop: () => end('SIGTERM') };
}
