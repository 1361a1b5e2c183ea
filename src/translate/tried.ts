import type { Avoidance } from './avoidance.ts';

/** A virtual node on which something was tried in vain. */
interface TriedNode {
  /** How many times. */
  readonly times: number;
  /** Until when it is not tried again, in milliseconds since the epoch. */
  readonly until: number;
}

/** What is remembered of one controller's pods, or of one pod: where they have been in vain. */
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

/** The nodes that are not to be tried again yet. */
export function avoidedNow(tried: Tried, now: number): Avoidance {
  return new Map([...tried].flatMap(([node, { until }]) => (until > now ? ([[node, until]] as const) : [])));
}
