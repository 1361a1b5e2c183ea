import type { Pod } from '../../kube/types.ts';

/** Addresses of a lower cluster's pods: as they are there, and as everybody else reaches them. */
export interface AddressMap {
  /** As seen from outside of the cluster; an address that is not mapped is its own. */
  seen(address: string): string;
  /** The reverse: as it is within the cluster. */
  real(address: string): string;
}

interface Range {
  readonly first: bigint;
  readonly size: bigint;
  readonly isV6: boolean;
}

interface Pair {
  readonly real: Range;
  readonly seen: Range;
}

/**
 * Reads a map of ranges of equal length, as `--pod-cidr-map` takes it.
 *
 * @example readAddressMap(['10.244.0.0/16=100.64.0.0/16']).seen('10.244.3.7') // '100.64.3.7'
 * @throws Error with what is wrong with which pair
 */
export function readAddressMap(pairs: readonly string[]): AddressMap {
  const read = pairs.map(readPair);
  const all = read.flatMap(({ real, seen }) => [real, seen]);
  // Who maps twice must come to the same: a status is mapped again whenever it is read again.
  if (all.some((one, index) => all.slice(index + 1).some((other) => overlap(one, other))))
    throw new Error('ranges that do not overlap');
  return {
    seen: (address) => move(address, read, 'real', 'seen'),
    real: (address) => move(address, read, 'seen', 'real'),
  };
}

/** A lower pod whose status says the addresses at which everybody else reaches it. */
export function withSeenAddresses(pod: Pod, { seen }: AddressMap): Pod {
  const { podIP, podIPs = [] } = pod.status ?? {};
  if (podIP === undefined || podIPs.every(({ ip }) => seen(ip) === ip)) return pod;
  return {
    ...pod,
    status: { ...pod.status, podIP: seen(podIP), podIPs: podIPs.map(({ ip }) => ({ ip: seen(ip) })) },
  };
}

/** Whether {@link readAddressMap} can read these pairs. */
export function isAddressMap(pairs: readonly string[]): boolean {
  try {
    readAddressMap(pairs);
    return true;
  } catch {
    return false;
  }
}

function readPair(text: string): Pair {
  const [real, seen, ...more] = text.split('=').map(readRange);
  if (!real || !seen || more.length > 0 || real.isV6 !== seen.isV6 || real.size !== seen.size)
    throw new Error(`"${text}" is not two ranges of equal length, such as 10.244.0.0/16=100.64.0.0/16`);
  return { real, seen };
}

function readRange(text: string): Range | undefined {
  const [address = '', bits = '', ...more] = text.trim().split('/');
  const first = parseAddress(address);
  const isV6 = address.includes(':');
  const length = isV6 ? 128 : 32;
  if (first === undefined || !/^\d{1,3}$/.test(bits) || Number(bits) > length || more.length > 0)
    return undefined;
  const size = 1n << BigInt(length - Number(bits));
  return first % size === 0n ? { first, size, isV6 } : undefined;
}

function overlap(one: Range, other: Range): boolean {
  return (
    one.isV6 === other.isV6 && one.first < other.first + other.size && other.first < one.first + one.size
  );
}

function move(address: string, pairs: readonly Pair[], from: keyof Pair, to: keyof Pair): string {
  if (pairs.length === 0) return address;
  const value = parseAddress(address);
  if (value === undefined) return address;
  const isV6 = address.includes(':');
  for (const pair of pairs) {
    const { first, size } = pair[from];
    if (isV6 !== pair[from].isV6 || value < first || value >= first + size) continue;
    return formatAddress(value - first + pair[to].first, isV6);
  }
  return address;
}

function parseAddress(text: string): bigint | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseV6(text: string): bigint | undefined {
  const [head = '', tail, ...more] = text.split('::');
  const groups = (part: string | undefined) => (part ? part.split(':') : []);
  const before = groups(head);
  const after = groups(tail);
  const missing = 8 - before.length - after.length;
  if (more.length > 0 || (tail === undefined ? missing !== 0 : missing < 1)) return undefined;
  const all = [...before, ...Array<string>(tail === undefined ? 0 : missing).fill('0'), ...after];
  if (!all.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

function formatAddress(value: bigint, isV6: boolean): string {
  if (!isV6) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  // RFC 5952: the longest run of two zero groups or more is left out, the first of equals.
  const runs = [...groups.join(':').matchAll(/(?<![\da-f])0(?::0)+(?![\da-f])/g)].map(([run]) => run);
  const [longest] = runs.sort((a, b) => b.length - a.length);
  if (longest === undefined) return groups.join(':');
  const text = groups.join(':');
  const at = text.search(new RegExp(`(?<![\\da-f])${longest}(?![\\da-f])`));
  const before = text.slice(0, at).replace(/:$/, '');
  const after = text.slice(at + longest.length).replace(/^:/, '');
  return `${before}::${after}`;
}
