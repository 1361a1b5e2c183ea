import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalCluster, LocalClusters } from '../hack/clusters/open.ts';
import { filesOf } from '../hack/clusters/pki.ts';
import { freePorts } from '../hack/clusters/plan.ts';
import type { RunningProgram } from '../hack/clusters/programs.ts';
import { packageFolder } from '../src/cli/package-folder.ts';
import type { Client } from '../src/kube/client.ts';
import { nodes } from '../src/kube/resources.ts';
import type { Node } from '../src/kube/types.ts';
import { eventually } from './clusters.ts';
import { find } from './objects.ts';

/** The executable, as users start it. */
export const isthmus = join(packageFolder(), 'bin', 'isthmus');

/** A provider in the upper cluster's network, started, killed and started again under the same name. */
export interface TestProvider {
  /** The virtual node. */
  readonly node: string;
  /** Starts it; resolves when the upper cluster shows the node Ready. */
  start(): Promise<void>;
  /** SIGKILL, and resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code, and how many milliseconds the process took. */
  stop(): Promise<{ code: number | null; took: number }>;
  /** What it has logged since its first start. */
  log(): string;
}

export interface ProviderOptions {
  readonly clusters: LocalClusters;
  readonly upper: Client;
  readonly lower: LocalCluster;
  readonly node: string;
  readonly flags: readonly string[];
}

/** A provider that is not started yet. */
export async function createProvider(options: ProviderOptions): Promise<TestProvider> {
  const { clusters, upper, lower, node, flags } = options;
  const [port = 0] = await freePorts(1);
  const files = filesOf(clusters.directory, clusters.upper.name);
  const kubeconfigs = [
    '--kubeconfig',
    clusters.upper.providerKubeconfig,
    '--client-kubeconfig',
    lower.providerKubeconfig,
  ];
  const command = [process.execPath, isthmus, 'provider', '--nodename', node, ...kubeconfigs, ...flags];
  let program: RunningProgram | undefined;
  const end = async (signal: NodeJS.Signals) => {
    const began = performance.now();
    program?.kill(signal);
    return { code: (await program?.exited) ?? null, took: performance.now() - began };
  };
  const log = () => (program ? readFileSync(program.logFile, 'utf8') : '');
  return {
    node,
    async start() {
      const started = await clusters.run(node, command, {
        KUBELET_PORT: String(port),
        VKUBELET_POD_IP: clusters.upper.address,
        APISERVER_CERT_LOCATION: files.key('nodes.crt'),
        APISERVER_KEY_LOCATION: files.key('nodes.key'),
      });
      program = started;
      const ready = async () => {
        // A node that is Ready from before says nothing of this process; its log does.
        if (!started.log().includes('at work"'))
          throw new Error(`${node} does not start: ${log().slice(-2_000)}`);
        await readyNode(upper, node, () => log().slice(-2_000));
      };
      await eventually(ready);
    },
    kill: async () => {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
    log,
  };
}

/** Starts a provider that makes its own certificate, with a kubelet port that is known, as administrator of both. */
export function startAsAdministrator(
  clusters: LocalClusters,
  lower: LocalCluster,
  { node, port }: { readonly node: string; readonly port: number },
  ...flags: string[]
): Promise<RunningProgram> {
  const { upper } = clusters;
  const kubeconfigs = ['--kubeconfig', upper.kubeconfig, '--client-kubeconfig', lower.kubeconfig];
  const command = [process.execPath, isthmus, 'provider', '--nodename', node, ...kubeconfigs, ...flags];
  return clusters.run(node, command, { KUBELET_PORT: String(port), VKUBELET_POD_IP: upper.address });
}

/** The node, if it is Ready; throws otherwise, with what `log` says. */
export async function readyNode(above: Client, name: string, log: () => string): Promise<Node> {
  const node = await find(above, nodes, { name });
  if (!node || !isReady(node)) throw new Error(`${name} is not ready: ${log()}`);
  return node;
}

/** Whether the upper cluster may place pods on a node. */
export function isReady(node: Node): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
