import { Client } from '../../../src/kube/client.ts';
import { loadConnection } from '../../../src/kube/connection.ts';
import { findObject } from '../../../src/kube/find-object.ts';
import { leases, namespaces, nodes, serviceAccounts } from '../../../src/kube/resources.ts';
import { Transport } from '../../../src/kube/transport.ts';
import type { LocalCluster, LocalClusters } from '../../clusters/open.ts';
import { waitFor } from '../../clusters/wait.ts';

/** The clusters of a benchmark, and whoever creates the pods and watches how they fare. */
export interface Place {
  readonly clusters: LocalClusters;
  readonly upper: LocalCluster;
  readonly lower: LocalCluster;
  /** As administrators, with user agents of their own. */
  readonly above: Client;
  readonly below: Client;
  close(): Promise<void>;
}

/** Opens what `startClusters` started; the lower cluster is `b`. */
export function openPlace(clusters: LocalClusters): Place {
  const lower = clusters.lower.get('b');
  if (!lower) throw new Error('there is no lower cluster b');
  const { upper } = clusters;
  const client = ({ name, kubeconfig }: LocalCluster) =>
    new Client(new Transport(loadConnection(name, kubeconfig), { userAgent: 'benchmark' }));
  const [above, below] = [client(upper), client(lower)];
  return {
    ...{ clusters, upper, lower, above, below },
    close: async () => {
      await Promise.all([above.transport.close(), below.transport.close()]);
    },
  };
}

/** Makes a namespace in both clusters; resolves when pods can be made in it. */
export async function makeNamespace(
  { above, below }: Pick<Place, 'above' | 'below'>,
  name: string,
): Promise<void> {
  const clients = new Set([above, below]);
  for (const client of clients) await client.create(namespaces, { metadata: { name } });
  for (const client of clients)
    await waitFor(
      () => findObject(client, serviceAccounts, { namespace: name, name: 'default' }),
      () => `namespace ${name} has no service account`,
      { within: 30_000 },
    );
}

/** Resolves when the upper cluster shows a node Ready. */
export async function nodeReady({ above }: Place, name: string, lives: () => unknown): Promise<void> {
  await waitFor(
    async () => {
      lives();
      const node = await findObject(above, nodes, { name });
      return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    },
    () => `node ${name} is not ready`,
    { within: 60_000 },
  );
}

/**
 * A node of which nobody says anything, for programs that only sync pods.
 *
 * @param kubelet where its kubelet port is, for programs that only serve that
 * @returns what ends its lease
 */
export async function standInNode(
  { above }: Place,
  name: string,
  kubelet?: { address: string; port: number },
): Promise<() => void> {
  const now = () => new Date().toISOString();
  const room = { cpu: '10k', memory: '100Ti', pods: '100k' };
  const ready = { type: 'Ready', status: 'True', reason: 'Played', message: '', lastTransitionTime: now() };
  const node = await above.create(nodes, {
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    status: {
      ...{ capacity: room, allocatable: room, conditions: [{ ...ready, lastHeartbeatTime: now() }] },
      ...(kubelet && {
        addresses: [{ type: 'InternalIP', address: kubelet.address }],
        daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
      }),
    },
  });
  const namespace = 'kube-node-lease';
  const spec = () => ({
    holderIdentity: name,
    leaseDurationSeconds: 40,
    renewTime: now().replace('Z', '000Z'),
  });
  const owner = { apiVersion: 'v1', kind: 'Node', name, uid: node.metadata?.uid ?? '' };
  await above.create(leases, { metadata: { name, namespace, ownerReferences: [owner] }, spec: spec() });
  const renew = () => void above.patch(leases, { namespace, name }, { spec: spec() }).catch(() => {});
  const timer = setInterval(renew, 10_000);
  return () => clearInterval(timer);
}
