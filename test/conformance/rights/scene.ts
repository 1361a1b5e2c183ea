import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalCluster, LocalClusters } from '../../../hack/clusters/open.ts';
import { type ClusterFiles, filesOf } from '../../../hack/clusters/pki.ts';
import { freePorts } from '../../../hack/clusters/plan.ts';
import { writeTokenKubeconfig } from '../../../hack/clusters/token-kubeconfig.ts';
import type { Client } from '../../../src/kube/client.ts';
import { events, namespaces, pods } from '../../../src/kube/resources.ts';
import type { Pod } from '../../../src/kube/types.ts';
import { eventually, kubectl, lowerCluster, openClusters } from '../../clusters.ts';
import { clientOf } from '../../objects.ts';
import { isthmus } from '../../provider.ts';
import { removeAccount, setRights } from './account.ts';
import type { Right } from './rule.ts';

/** Both clusters, and an account in each whose rights are taken away and given back. */
export interface Place {
  readonly clusters: LocalClusters;
  readonly upper: LocalCluster;
  readonly lower: LocalCluster;
  readonly above: Client;
  readonly below: Client;
  readonly upperCluster: string;
  readonly files: ClusterFiles;
  readonly kubeconfigs: { readonly upper: string; readonly lower: string };
  /** Those of the account. */
  readonly tokens: { readonly upper: string; readonly lower: string };
  /** Gives the account all rights of the manifests but these. */
  setRights(without: readonly Right[]): Promise<void>;
  close(): Promise<void>;
}

const account = 'isthmus-rights';
/** Where Secrets of clusters and Leases of replicas stand. */
export const system = 'isthmus-system';

/** Makes the account, with all rights. */
export async function openPlace(): Promise<Place> {
  const clusters = openClusters();
  const { upper } = clusters;
  const lower = lowerCluster(clusters, 'b');
  const [above, below] = [clientOf(upper), clientOf(lower)];
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-rights-'));
  const kubeconfigs = { upper: join(folder, 'upper'), lower: join(folder, 'lower') };
  const set = async (without: readonly Right[]) => {
    await setRights(upper, above, 'upper', account, without);
    await setRights(lower, below, 'lower', account, without);
  };
  await set([]);
  const owner = { namespace: system, name: account, lifetime: '1h' };
  const tokens = {
    upper: await writeTokenKubeconfig(upper, owner, kubeconfigs.upper),
    lower: await writeTokenKubeconfig(lower, owner, kubeconfigs.lower),
  };
  return {
    clusters,
    upper,
    lower,
    above,
    below,
    upperCluster: await above.clusterUid(),
    files: filesOf(clusters.directory, 'upper'),
    kubeconfigs,
    tokens,
    setRights: set,
    async close() {
      await Promise.all([removeAccount(upper, account), removeAccount(lower, account)]);
      await Promise.all([above.transport.close(), below.transport.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** What the kubelet port answered. */
interface Answer {
  readonly status: number;
  readonly body: string;
}

/** How somebody asks: with a certificate, a token in the headers, or nothing. */
export interface Question {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly cert?: Buffer | string;
  readonly key?: Buffer | string;
}

/** A provider as the account, and what a user of it does and sees. */
export interface Scene extends Place {
  readonly node: string;
  readonly namespace: string;
  /** Runs kubectl above in the namespace; what it says is seen. */
  user(...args: string[]): Promise<string>;
  /** kubectl below, as administrator; it must succeed, and what it says is not seen. */
  admin(...args: string[]): Promise<string>;
  create(...all: Pod[]): Promise<void>;
  /** Waits until the pod runs below. */
  running(name: string): Promise<void>;
  /** Asks the kubelet port; the API server's own certificate is `apiServer`. */
  ask(path: string, question: Question): Promise<Answer>;
  readonly apiServer: Question;
  /** Reads the provider's metrics; they are seen. */
  metrics(): Promise<void>;
  /** All that was seen: the log, the events and pods of the namespace, what was answered. */
  evidence(): Promise<string>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

export interface SceneOptions {
  /** Done when the namespace is there, and the provider is not. */
  readonly before?: ((scene: Omit<Scene, 'stop' | 'close'>) => Promise<unknown>) | undefined;
  /** Whether the provider learns its clusters from Secrets, and agrees with other replicas. */
  readonly isFleet?: boolean | undefined;
  /** What `--enable-controllers` says; nothing by default. */
  readonly controllers?: string | undefined;
}

/** Starts a provider as the account. */
export async function openScene(
  place: Place,
  name: string,
  { before, isFleet = false, controllers }: SceneOptions = {},
): Promise<Scene> {
  const { above, below, upper, lower, clusters, files, kubeconfigs } = place;
  const node = `vk-rights-${name}`;
  const namespace = `e2e-rights-${name}-${Date.now().toString(36)}`;
  const [port = 0, metricsPort = 0] = await freePorts(2);
  const metrics = `${upper.address}:${metricsPort}`;
  const said: string[] = [];
  await above.create(namespaces, { metadata: { name: namespace } });
  await eventually(() => must(upper, namespace, 'get', 'serviceaccount', 'default'));
  const scene = {
    ...place,
    node,
    namespace,
    async user(...args: string[]) {
      const { stdout, stderr } = await kubectl(upper, '-n', namespace, ...args);
      said.push(stdout, stderr);
      return stdout;
    },
    admin: (...args: string[]) => must(lower, namespace, ...args),
    async create(...all: Pod[]) {
      for (const pod of all) await above.create(pods, pod);
    },
    running: (pod: string) =>
      eventually(async () => {
        const { status } = await below.get(pods, { namespace, name: pod });
        if (status?.phase !== 'Running') throw new Error(`${pod} does not run: ${await scene.evidence()}`);
      }),
    async ask(path: string, question: Question) {
      const answer = await exchange({ host: upper.address, port, path, ...question });
      said.push(answer.body);
      return answer;
    },
    apiServer: {
      cert: readFileSync(files.key('kubelet-client.crt')),
      key: readFileSync(files.key('kubelet-client.key')),
    },
    async metrics() {
      const response = await fetch(`http://${metrics}/metrics`);
      said.push(await response.text());
    },
    async evidence() {
      const found = await Promise.all([above.list(events, { namespace }), above.list(pods, { namespace })]);
      const log = readFileSync(join(clusters.directory, 'logs', `${node}.log`), 'utf8');
      return [log, ...found.map((list) => JSON.stringify(list.items)), ...said]
        .join('\n')
        .replaceAll('\\"', '"');
    },
  };
  await before?.(scene);
  const lone = ['--nodename', node, '--client-kubeconfig', kubeconfigs.lower];
  const fleet = ['--cluster-secrets', system, '--leader-elect', '--leader-elect-resource-namespace', system];
  const flags = ['--kubeconfig', kubeconfigs.upper, '--log-level', 'trace', '--metrics-addr', metrics];
  const command = [process.execPath, isthmus, 'provider', ...flags, ...(isFleet ? fleet : lone)];
  if (controllers) command.push('--enable-controllers', controllers);
  const program = await clusters.run(node, command, {
    KUBELET_PORT: String(port),
    VKUBELET_POD_IP: upper.address,
    APISERVER_CERT_LOCATION: files.key('nodes.crt'),
    APISERVER_KEY_LOCATION: files.key('nodes.key'),
  });
  const stop = async () => {
    program.kill('SIGKILL');
    await program.exited;
  };
  return {
    ...scene,
    stop,
    async close() {
      await stop();
      await kubectl(upper, 'delete', 'namespace', namespace, '--wait=false');
      await kubectl(upper, '-n', namespace, 'delete', 'pods', '--all', '--force', '--grace-period=0');
      await kubectl(lower, 'delete', 'namespace', namespace, '--wait=false', '--ignore-not-found');
      await kubectl(upper, 'delete', 'node', node, '--ignore-not-found');
      if (!isFleet) return;
      await kubectl(upper, 'delete', 'node', 'vk-rights-goes', '--ignore-not-found');
      await kubectl(upper, '-n', system, 'delete', 'secrets', '-l', 'isthmus.io/cluster');
      await kubectl(upper, '-n', system, 'delete', 'leases', '-l', 'isthmus.io/election');
    },
  };
}

async function exchange(target: Question & { host: string; port: number; path: string }): Promise<Answer> {
  const call = request({ ...target, rejectUnauthorized: false, agent: false });
  call.end();
  const answered = Promise.race([once(call, 'response'), once(call, 'upgrade')]);
  const [response, socket] = (await answered) as [IncomingMessage, { destroy(): void } | undefined];
  if (response.statusCode === 101) {
    socket?.destroy();
    return { status: 101, body: '' };
  }
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode ?? 0, body };
}

async function must(cluster: LocalCluster, namespace: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await kubectl(cluster, '-n', namespace, ...args);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}
