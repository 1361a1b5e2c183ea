import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { packageFolder } from '../../src/cli/package-folder.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { mustKubectl } from './kubectl.ts';
import type { LocalCluster, LocalClusters } from './open.ts';
import { filesOf } from './pki.ts';
import { freePorts } from './plan.ts';
import { isAlive, readRecords } from './process.ts';
import { checkAlive, recordOf } from './programs.ts';
import { longLifetime, writeTokenKubeconfig } from './token-kubeconfig.ts';
import { waitFor } from './wait.ts';

/** The name of all that deploy/webhook.yaml makes. */
export const webhookName = 'isthmus-webhook';

/**
 * Applies deploy/webhook.yaml but for what runs in pods, and the configuration, which stops virtual pods until
 * somebody serves.
 */
export async function installWebhook(upper: LocalCluster): Promise<void> {
  const cluster = ['Namespace', 'ServiceAccount', 'ClusterRole', 'ClusterRoleBinding'];
  const here = [...cluster, 'Role', 'RoleBinding', 'Secret'];
  await applyAll(
    upper,
    manifests().filter(({ kind = '' }) => here.includes(kind)),
  );
}

/** Applies the configuration with an address in the place of the Service. */
export async function leadTo(upper: LocalCluster, url: string): Promise<void> {
  const configurations = manifests().filter(({ kind }) => kind === 'MutatingWebhookConfiguration');
  const text = JSON.stringify(configurations, (key, value: unknown) =>
    key === 'clientConfig' ? { url } : value,
  );
  await applyAll(upper, JSON.parse(text) as KubeObject[]);
}

/** Writes a kubeconfig of the webhook's own account. */
export async function writeWebhookKubeconfig(
  upper: LocalCluster,
  path: string,
  lifetime = '1h',
): Promise<void> {
  await writeTokenKubeconfig(upper, { namespace: webhookName, name: webhookName, lifetime }, path);
}

/** Starts the webhook of `isthmus up`, unless one runs. */
export async function startLocalWebhook(clusters: LocalClusters): Promise<void> {
  const { directory, upper } = clusters;
  const name = 'webhook';
  const record = readRecords(directory).get(name);
  if (record && isAlive(record)) return;
  await installWebhook(upper);
  const kubeconfig = filesOf(directory, upper.name).kubeconfigOf(webhookName);
  await writeWebhookKubeconfig(upper, kubeconfig, longLifetime);
  const port = upper.namespace ? 8443 : ((await freePorts(1))[0] ?? 0);
  const own = ['--kubeconfig', kubeconfig, '--address=127.0.0.1', `--port=${port}`, '--metrics-addr='];
  const isthmus = join(packageFolder(), 'bin', 'isthmus');
  const program = await clusters.run(name, [process.execPath, isthmus, name, ...own]);
  await leadTo(upper, `https://127.0.0.1:${port}/mutate`);
  const isServing = () => program.log().includes('the webhook is at work');
  await waitFor(
    () => checkAlive(recordOf(directory, name)) && isServing(),
    () => `the webhook does not serve; see ${program.logFile}`,
    { within: 30_000 },
  );
}

function manifests(): KubeObject[] {
  const text = readFileSync(join(packageFolder(), 'deploy', 'webhook.yaml'), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

async function applyAll(cluster: LocalCluster, items: KubeObject[]): Promise<void> {
  await mustKubectl(cluster, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}
