import { existsSync, readdirSync } from 'node:fs';
import { execute, mustExecute } from './exec.ts';
import { type ClusterLayout, layoutOfSet, overlaps, type SetLayout } from './layout.ts';
import { claims } from './state.ts';

const MASK = 24;

/**
 * The network of a set of clusters: a namespace with a bridge (the hub), a cable from it to the machine and one to
 * each cluster's namespace. The bridge has a namespace of its own so that neither forwarding has to be switched on
 * for the machine, nor a firewall there can stand between the clusters.
 */
export async function createNetwork(set: number, clusters: readonly ClusterLayout[]): Promise<void> {
  const { hub, machineAddress } = layoutOfSet(set);
  const routes = clusters.map(({ podCidr, address }) => ({ podCidr, address }));
  // Whoever has the number has the names: what another set of this number left, after a crash, is in the way.
  await removeNamespaces(set);
  for (const namespace of [hub, ...clusters.map((cluster) => cluster.namespace)]) {
    await mustExecute('ip', ['netns', 'add', namespace]);
  }
  await batch(hub, ['link add bridge0 type bridge', 'link set bridge0 up', 'link set lo up']);
  await batch(undefined, [`link add ${hub} type veth peer name machine netns ${hub}`]);
  await batch(hub, ['link set machine master bridge0 up', ...clusters.flatMap(cable)]);
  await batch(undefined, [
    `addr add ${machineAddress}/${MASK} dev ${hub}`,
    `link set ${hub} up`,
    ...routes.map(({ podCidr, address }) => `route add ${podCidr} via ${address}`),
  ]);
  for (const { namespace, address } of clusters) {
    const others = routes.filter((route) => route.address !== address);
    await batch(namespace, [
      'link set lo up',
      `addr add ${address}/${MASK} dev eth0`,
      'link set eth0 up',
      ...others.map((route) => `route add ${route.podCidr} via ${route.address}`),
    ]);
    // Pods of this cluster and the other clusters reach each other through its namespace, and only through it.
    const forward = 'echo 1 >/proc/sys/net/ipv4/ip_forward';
    await mustExecute('nsenter', [`--net=/run/netns/${namespace}`, '/bin/sh', '-c', forward]);
  }
}

/** Pulls or plugs in the cable of a cluster, at the hub's end: whoever is inside sees a dead network, no error. */
export async function plug(set: number, cluster: ClusterLayout, plugged: boolean): Promise<void> {
  await batch(layoutOfSet(set).hub, [`link set ${cluster.port} ${plugged ? 'up' : 'down'}`]);
}

/** Removes every namespace and link of a set, whichever of them exist. */
export async function removeNetwork(set: number): Promise<void> {
  await removeNamespaces(set);
  // `ip netns add` made this folder a mount; without namespaces it is not needed any more. Whoever has a set and no
  // namespaces yet is just about to make them: the first would be made below the mount, where the next do not find it.
  const isLast = claims().every((claim) => claim.set === set);
  if (isLast && existsSync('/run/netns') && readdirSync('/run/netns').length === 0)
    await execute('umount', ['/run/netns']);
}

async function removeNamespaces(set: number): Promise<void> {
  const { hub } = layoutOfSet(set);
  // The machine's end goes first and takes its routes along: a namespace dies only when its last process has.
  if (existsSync(`/sys/class/net/${hub}`)) await execute('ip', ['link', 'delete', hub]);
  for (const namespace of namespacesOf(set)) await execute('ip', ['netns', 'delete', namespace]);
}

/** The namespaces of a set that exist. */
function namespacesOf(set: number): string[] {
  const { hub } = layoutOfSet(set);
  if (!existsSync('/run/netns')) return [];
  return readdirSync('/run/netns').filter((name) => name === hub || name.startsWith(`${hub}-`));
}

/** Whether the machine has no route or address yet in the set's range. */
export async function isSubnetFree(layout: SetLayout): Promise<boolean> {
  const routes = JSON.parse(await mustExecute('ip', ['-j', 'route', 'show', 'table', 'all'])) as {
    dst?: string;
  }[];
  return !routes.some(({ dst }) => dst !== undefined && dst !== 'default' && overlaps(dst, layout.subnet));
}

function cable({ port, namespace }: ClusterLayout): string[] {
  return [
    `link add ${port} type veth peer name eth0 netns ${namespace}`,
    `link set ${port} master bridge0 up`,
  ];
}

async function batch(namespace: string | undefined, commands: readonly string[]): Promise<void> {
  const place = namespace === undefined ? [] : ['-n', namespace];
  await mustExecute('ip', [...place, '-batch', '-'], { input: `${commands.join('\n')}\n` });
}
