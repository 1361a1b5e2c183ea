import { createServer } from 'node:net';
import { layoutOfCluster, layoutOfSet, MAX_SETS } from './layout.ts';
import { isSubnetFree } from './network.ts';
import { type ClusterState, claim, claims, type NodesOptions, type PortName, portNames } from './state.ts';

interface Wanted {
  readonly name: string;
  readonly nodes: NodesOptions;
}

/** The ports in a namespace of their own, where nobody else can have them. */
const usualPorts: Readonly<Record<PortName, number>> = {
  apiserver: 6443,
  etcd: 2379,
  etcdPeer: 2380,
  controllerManager: 10257,
  scheduler: 10259,
  nodes: 10250,
};

/** Gives every cluster its place: as root in namespaces of a free set, which is claimed; else on loopback. */
export async function planSet(
  directory: string,
  wanted: readonly Wanted[],
): Promise<{ set?: number; clusters: ClusterState[] }> {
  const names = wanted.map(({ name }) => name);
  const bad = names.find(
    (name, index) => !/^[a-z][a-z0-9-]{0,19}$/.test(name) || names.indexOf(name) !== index,
  );
  if (bad !== undefined)
    throw new Error(`clusters need different names of lower case letters and digits, unlike "${bad}"`);
  if (process.getuid?.() !== 0) return { clusters: await loopbackClusters(wanted) };
  const set = await claimSet(directory);
  const clusters = wanted.map(({ name, nodes }, index): ClusterState => {
    const { namespace, address, serviceCidr, firstServiceAddress, podCidr } = layoutOfCluster(
      set,
      index,
      name,
    );
    return {
      name,
      index,
      nodes,
      namespace,
      address,
      serviceCidr,
      firstServiceAddress,
      podCidr,
      ports: usualPorts,
    };
  });
  return { set, clusters };
}

async function claimSet(directory: string): Promise<number> {
  const taken = new Set(claims().map(({ set }) => set));
  for (let set = 1; set <= MAX_SETS; set++) {
    if (!taken.has(set) && (await isSubnetFree(layoutOfSet(set))) && claim(set, directory)) return set;
  }
  throw new Error(`no free network: all of 10.200.0.0/16 to 10.${199 + MAX_SETS}.0.0/16 are in use`);
}

async function loopbackClusters(wanted: readonly Wanted[]): Promise<ClusterState[]> {
  const ports = await freePorts(wanted.length * portNames.length);
  return wanted.map(({ name, nodes }, index) => {
    // Services and pods have no network here; their ranges are only numbers, the same as in namespaces.
    const { serviceCidr, firstServiceAddress, podCidr } = layoutOfCluster(1, index, name);
    const own = portNames.map((port, place) => [port, ports[index * portNames.length + place]]);
    const byName = Object.fromEntries(own) as Record<PortName, number>;
    return {
      name,
      index,
      nodes,
      address: '127.0.0.1',
      serviceCidr,
      firstServiceAddress,
      podCidr,
      ports: byName,
    };
  });
}

/** Ports nobody listens on now. All are held until the last is found, so that none is given twice. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.on('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
