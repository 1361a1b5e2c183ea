import type { LocalCluster } from '../hack/clusters/open.ts';
import type { Client } from '../src/kube/client.ts';
import { events, namespaces, pods, type Resource } from '../src/kube/resources.ts';
import type { KubeObject, Pod } from '../src/kube/types.ts';
import { eventually, kubectlWith, lowerCluster, openClusters } from './clusters.ts';
import { clientOf, find } from './objects.ts';
import { createProvider, type TestProvider } from './provider.ts';

/** One test file's place: a namespace of its own, a virtual node of its own, and both clusters behind them. */
export interface Stage {
  readonly namespace: string;
  readonly node: string;
  readonly provider: TestProvider;
  readonly upper: LocalCluster;
  readonly lower: LocalCluster;
  readonly above: Client;
  readonly below: Client;
  /** kubectl above, in the namespace; throws what it complains about. */
  run(...args: string[]): Promise<string>;
  /** kubectl below, in the namespace. */
  runBelow(...args: string[]): Promise<string>;
  /** Creates objects above, in the namespace unless they name another. */
  create(...manifests: object[]): Promise<void>;
  createBelow(...manifests: object[]): Promise<void>;
  podAbove(name: string): Promise<Pod>;
  podBelow(name: string): Promise<Pod>;
  /** Waits until the pod above is in this phase. */
  reaches(name: string, phase: string, within?: number): Promise<Pod>;
  /** Waits until there is no such object. */
  gone<T extends KubeObject>(
    client: Client,
    resource: Resource<T>,
    name: string,
    within?: number,
  ): Promise<void>;
  /** Waits for an event of a pod above, and returns its message. */
  event(name: string, reason: string): Promise<string>;
  /** Removes everything, and fails if pods are left below. */
  close(): Promise<void>;
}

export interface StageOptions {
  readonly flags?: readonly string[];
  /** Whether the namespace is made below too; by default that is left to the provider. */
  readonly namespaceBelow?: boolean;
}

/** Opens a stage on a lower cluster and starts its provider. */
export async function openStage(name: string, lowerName: string, options: StageOptions = {}): Promise<Stage> {
  const clusters = openClusters();
  const { upper } = clusters;
  const lower = lowerCluster(clusters, lowerName);
  const [above, below] = [clientOf(upper), clientOf(lower)];
  // Namespaces take seconds to go; nobody waits for them.
  const namespace = `e2e-${name}-${Date.now().toString(36)}`;
  const node = `vk-${name}`;
  const provider = await createProvider({ clusters, upper: above, lower, node, flags: options.flags ?? [] });
  const podIn = (client: Client) => (pod: string) => client.get(pods, { namespace, name: pod });
  const podAbove = podIn(above);

  await above.create(namespaces, { metadata: { name: namespace } });
  if (options.namespaceBelow) await below.create(namespaces, { metadata: { name: namespace } });
  const hasAccount = async (cluster: LocalCluster) => kubectl(cluster, 'get', 'serviceaccount', 'default');
  const kubectl = async (cluster: LocalCluster, ...args: string[]) =>
    must(cluster, ['-n', namespace, ...args]);
  const create = (cluster: LocalCluster, manifests: object[]) =>
    must(cluster, ['-n', namespace, 'create', '-f', '-'], {
      apiVersion: 'v1',
      kind: 'List',
      items: manifests,
    });
  try {
    await Promise.all([
      provider.start(),
      eventually(() => hasAccount(upper)),
      options.namespaceBelow && eventually(() => hasAccount(lower)),
    ]);
  } catch (error) {
    // Nobody closes a stage that did not open, and two providers of one node would fight over it.
    await provider.kill();
    throw error;
  }

  return {
    namespace,
    node,
    provider,
    upper,
    lower,
    above,
    below,
    podAbove,
    podBelow: podIn(below),
    run: (...args) => kubectl(upper, ...args),
    runBelow: (...args) => kubectl(lower, ...args),
    create: async (...manifests) => void (await create(upper, manifests)),
    createBelow: async (...manifests) => void (await create(lower, manifests)),
    reaches: (pod, phase, within = 60_000) =>
      eventually(
        async () => {
          const now = await podAbove(pod);
          if (now.status?.phase === phase) return now;
          throw new Error(`${pod} is not ${phase}: ${JSON.stringify(now.status)}`);
        },
        { within },
      ),
    gone: (client, resource, object, within = 60_000) =>
      eventually(
        async () => {
          const left = await find(client, resource, { namespace, name: object });
          if (left) throw new Error(`${resource.kind} ${object} is still there: ${JSON.stringify(left)}`);
        },
        { within },
      ),
    event: (pod, reason) =>
      eventually(async () => {
        const fieldSelector = `involvedObject.name=${pod},reason=${reason}`;
        const { items } = await above.list(events, { namespace, fieldSelector });
        if (!items[0]) throw new Error(`pod ${pod} has no event ${reason}`);
        return items[0].message ?? '';
      }),
    async close() {
      const left = async () => {
        const all = await Promise.all([above.list(pods, { namespace }), below.list(pods, { namespace })]);
        const names = all.flatMap(({ items }) => items.map(({ metadata }) => metadata?.name));
        if (names.length > 0) throw new Error(`pods are left: ${names.join(', ')}`);
      };
      const remove = (cluster: LocalCluster, ...what: string[]) =>
        must(cluster, ['delete', ...what, '--wait=false', '--ignore-not-found']);
      try {
        await remove(upper, 'namespace', namespace);
        await eventually(left, { within: 60_000 });
      } finally {
        await provider.stop();
        await Promise.all([remove(upper, 'node', node), remove(lower, 'namespace', namespace)]);
        await Promise.all([above.transport.close(), below.transport.close()]);
      }
    },
  };
}

async function must(cluster: LocalCluster, args: string[], input?: object): Promise<string> {
  const options = input ? { input: JSON.stringify(input) } : {};
  const { exitCode, stdout, stderr } = await kubectlWith(options, cluster, ...args);
  if (exitCode !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}
