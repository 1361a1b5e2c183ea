import type { Avoidance } from './avoidance.ts';

/** A node on which something was tried in vain, or that is to be left to others. */
interface TriedNode {
  /** How many times. */
  readonly times: number;
  /** Until when it is not tried again, in milliseconds since the epoch. */
  readonly until: number;
}

/**
 * What is remembered of one controller's pods, or of one pod: where they are not to go, by the name of a virtual node, or
 * `virtual/lower` for one node behind it.
 */
export type Tried = ReadonlyMap<string, TriedNode>;

/** Reads an entry of the ConfigMap in which it is kept; what somebody else wrote there says nothing. */
export function readTried(text: string | undefined): Tried {
  try {
    const said: unknown = JSON.parse(text ?? '{}');
    if (typeof said !== 'object' || said === null) return new Map();
    return new Map(Object.entries(said).flatMap(([node, one]) => readNode(node, one)));
  } catch {
    return new Map();
  }
}

function readNode(node: string, said: unknown): [string, TriedNode][] {
  const { times, until: written } = (said ?? {}) as { times?: unknown; until?: unknown };
  const until = typeof written === 'string' ? Date.parse(written) : Number.NaN;
  const isGood = Number.isInteger(times) && Number(times) > 0 && !Number.isNaN(until);
  return isGood ? [[node, { times: Number(times), until }]] : [];
}

/** The entry of the ConfigMap. */
export function writeTried(tried: Tried): string {
  const entries = [...tried].map(([node, { times, until }]) => [
    node,
    { times, until: new Date(until).toISOString() },
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

/** The virtual nodes that are not to be tried again yet. */
export function avoidedNow(tried: Tried, now: number): Avoidance {
  return new Map(recent(tried, now).filter(([node]) => !node.includes('/')));
}

/**
 * The names of lower nodes that are left to others now. A clusterSelector is the same in every cluster and cannot say in
 * which it holds, so nodes of these names are left in all of them.
 */
export function avoidedBelow(tried: Tried, now: number): string[] {
  return recent(tried, now).flatMap(([node]) => node.split('/')[1] ?? []);
}

/** The name under which a lower node is remembered. */
export function lowerNodeKey(virtualNode: string, lowerNode: string): string {
  return `${virtualNode}/${lowerNode}`;
}

function recent(tried: Tried, now: number): [string, number][] {
  return [...tried].flatMap(([node, { until }]): [string, number][] => (until > now ? [[node, until]] : []));
}
