import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { packageFolder } from '../hack/clusters/folders.ts';
import type { LocalCluster, LocalClusters } from '../hack/clusters/open.ts';
import { freePorts } from '../hack/clusters/plan.ts';
import type { KubeObject } from '../src/kube/types.ts';
import { eventually, kubectl, kubectlWith } from './clusters.ts';
import { isthmus } from './provider.ts';

/** The name of all that deploy/webhook.yaml makes. */
export const webhookName = 'isthmus-webhook';

/** A process of `isthmus webhook` in the upper cluster's network, under its own account. */
export interface WebhookReplica {
  readonly port: number;
  /** SIGKILL, and resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  log(): string;
}

/**
 * Applies deploy/webhook.yaml but for what runs in pods, and the configuration, which stops virtual pods until
 * somebody serves.
 */
export async function installWebhook(upper: LocalCluster): Promise<void> {
  const here = [
    'Namespace',
    'ServiceAccount',
    'ClusterRole',
    'ClusterRoleBinding',
    'Role',
    'RoleBinding',
    'Secret',
  ];
  await applyAll(
    upper,
    manifests().filter(({ kind = '' }) => here.includes(kind)),
  );
}

/** Applies the configuration with the address of a replica in the place of the Service. */
export async function leadTo(upper: LocalCluster, { port }: Pick<WebhookReplica, 'port'>): Promise<void> {
  const url = `https://${upper.address}:${port}/mutate`;
  const configurations = manifests().filter(({ kind }) => kind === 'MutatingWebhookConfiguration');
  const text = JSON.stringify(configurations, (key, value: unknown) =>
    key === 'clientConfig' ? { url } : value,
  );
  await applyAll(upper, JSON.parse(text) as KubeObject[]);
}

/** Takes away all of it. */
export async function removeWebhook(upper: LocalCluster): Promise<void> {
  await kubectl(upper, 'delete', 'mutatingwebhookconfiguration', webhookName, '--ignore-not-found');
  await kubectl(upper, 'delete', 'clusterrole,clusterrolebinding', webhookName, '--ignore-not-found');
  await kubectl(upper, 'delete', 'namespace', webhookName, '--ignore-not-found', '--wait=false');
}

let started = 0;

/** Starts a replica; resolves when it serves. */
export async function startWebhook(clusters: LocalClusters, ...flags: string[]): Promise<WebhookReplica> {
  const { upper, directory } = clusters;
  const [port = 0] = await freePorts(1);
  started += 1;
  const kubeconfig = join(directory, `webhook-${process.pid}-${started}.kubeconfig`);
  await writeKubeconfig(upper, kubeconfig);
  const own = ['--kubeconfig', kubeconfig, '--port', `${port}`, '--metrics-addr='];
  const command = [process.execPath, isthmus, 'webhook', ...own, ...flags];
  const program = await clusters.run(`webhook-${process.pid}-${started}`, command);
  const log = () => readFileSync(program.logFile, 'utf8');
  const end = async (signal: NodeJS.Signals) => {
    program.kill(signal);
    return program.exited;
  };
  await eventually(() => {
    if (!log().includes('at work"')) throw new Error(`the webhook does not start: ${log()}`);
  });
  return { port, log, kill: async () => void (await end('SIGKILL')), stop: () => end('SIGTERM') };
}

function manifests(): KubeObject[] {
  const text = readFileSync(join(packageFolder(), 'deploy', 'webhook.yaml'), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

async function applyAll(cluster: LocalCluster, items: KubeObject[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const { exitCode, stderr } = await kubectlWith({ input }, cluster, 'apply', '-f', '-');
  if (exitCode !== 0) throw new Error(stderr);
}

async function writeKubeconfig(upper: LocalCluster, path: string): Promise<void> {
  const { stdout, stderr } = await kubectl(upper, '-n', webhookName, 'create', 'token', webhookName);
  if (stdout === '') throw new Error(stderr);
  const content = parse(readFileSync(upper.kubeconfig, 'utf8')) as { users: { user: object }[] };
  for (const entry of content.users) entry.user = { token: stdout.trim() };
  writeFileSync(path, stringify(content), { mode: 0o600 });
}
