/**
 * Names and addresses of a set of clusters, all derived from its number, so that two sets never meet and that
 * whoever cleans up needs to know nothing but the number.
 *
 * Set 3 lives in 10.202.0.0/16: the machine is .0.1, clusters are .0.10, .0.11, ...; their services are in
 * .64.0/21, .72.0/21, ..., their pods in .128.0/21, .136.0/21, ....
 */
export interface SetLayout {
  /** The namespace with the bridge, and the machine's own link to it (a link's name has at most 15 letters). */
  readonly hub: string;
  readonly machineAddress: string;
  readonly subnet: string;
}

export interface ClusterLayout {
  readonly namespace: string;
  /** The hub's end of the cluster's cable; the cluster's own end is always eth0. */
  readonly port: string;
  readonly address: string;
  readonly serviceCidr: string;
  readonly firstServiceAddress: string;
  readonly podCidr: string;
  /** The parent of its pods' cgroups, and the name of its CNI network. */
  readonly cgroup: string;
}

/** How many sets can exist at a time, and how many clusters in one. */
export const MAX_SETS = 50;
export const MAX_CLUSTERS = 8;

/** What a set is called and where it lives. Sets are numbered from 1. */
export function layoutOfSet(set: number): SetLayout {
  const prefix = prefixOf(set);
  return { hub: `isthmus${set}`, machineAddress: `${prefix}.0.1`, subnet: `${prefix}.0.0/16` };
}

/** What the cluster with this place in the set is called and where it lives. */
export function layoutOfCluster(set: number, index: number, name: string): ClusterLayout {
  if (index >= MAX_CLUSTERS) throw new Error(`a set has room for ${MAX_CLUSTERS} clusters`);
  const prefix = prefixOf(set);
  return {
    namespace: `isthmus${set}-${name}`,
    port: `port${index}`,
    address: `${prefix}.0.${10 + index}`,
    serviceCidr: `${prefix}.${64 + 8 * index}.0/21`,
    firstServiceAddress: `${prefix}.${64 + 8 * index}.1`,
    podCidr: `${prefix}.${128 + 8 * index}.0/21`,
    cgroup: `isthmus${set}-${name}`,
  };
}

/** The two halves of a range of pods (a /21), for a cluster in which two hand out addresses. */
export function halvesOf(podCidr: string): [lower: string, upper: string] {
  const match = /^(\d+\.\d+)\.(\d+)\.0\/21$/.exec(podCidr);
  if (!match) throw new Error(`${podCidr} is no range of pods`);
  const [, prefix, third] = match;
  return [`${prefix}.${third}.0/22`, `${prefix}.${Number(third) + 4}.0/22`];
}

/** Whether two IPv4 ranges (or addresses) share an address. */
export function overlaps(one: string, other: string): boolean {
  const [a, b] = [rangeOf(one), rangeOf(other)];
  return a !== undefined && b !== undefined && a.first <= b.last && b.first <= a.last;
}

function rangeOf(cidr: string): { first: number; last: number } | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(cidr);
  if (!match) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, bits = 32] = match
    .slice(1)
    .map((part) => (part === undefined ? 32 : Number(part)));
  const size = 2 ** (32 - bits);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

function prefixOf(set: number): string {
  if (!Number.isInteger(set) || set < 1 || set > MAX_SETS) throw new Error(`no set has the number ${set}`);
  return `10.${199 + set}`;
}
