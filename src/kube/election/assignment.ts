import { createHash } from 'node:crypto';

/** What a replica knows when it decides what to lead. */
export interface Share {
  /** Who decides. */
  readonly self: string;
  /** Everything that is to be led by somebody. */
  readonly names: ReadonlySet<string>;
  /** Those of the names that no living replica leads. */
  readonly free: readonly string[];
  /** Those that have been free for so long that it does not matter whose share they are. */
  readonly overdue: ReadonlySet<string>;
  /** Those that we leave to others whatever our share. */
  readonly passed: ReadonlySet<string>;
  /** The names that each living replica leads which is to share the same names, ours among them; none, an empty set. */
  readonly held: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What a replica should begin to lead, and what it should give up. */
export interface Assignment {
  readonly take: string[];
  /** Besides, beyond our share: nobody else does. */
  readonly beyond: string[];
  readonly release: string[];
}

/**
 * Shares names evenly: everybody takes up to the mean, rounded up, and whoever leads the most gives one up while
 * somebody leads at least two fewer. What is no longer to be led is given up at once, and what nobody takes is taken by
 * anybody. Each replica decides for itself; two that want the same name are told apart by the API server.
 */
export function assign({ self, names, free, overdue, passed, held }: Share): Assignment {
  const ours = held.get(self) ?? new Set<string>();
  const mean = names.size / Math.max(1, held.size);
  const kept = [...ours].filter((name) => names.has(name));
  const release = [...ours].filter((name) => !names.has(name));
  const [spare] = sorted(kept, self).slice(-1);
  if (spare !== undefined && free.length === 0 && isOneTooMany(self, held)) release.push(spare);
  const room = Math.max(0, Math.ceil(mean) - kept.length);
  const open = sorted(
    free.filter((name) => !passed.has(name)),
    self,
  );
  const beyond = open.slice(room).filter((name) => overdue.has(name));
  return { take: open.slice(0, room), beyond, release };
}

/** Whether it is our turn to give one up: of those that lead the most the first by name. */
function isOneTooMany(self: string, held: Share['held']): boolean {
  const counts = [...held].map(([replica, { size }]) => ({ replica, size }));
  const most = Math.max(...counts.map(({ size }) => size));
  const fewest = Math.min(...counts.map(({ size }) => size));
  const [first] = counts
    .filter(({ size }) => size === most)
    .map(({ replica }) => replica)
    .sort();
  return most - fewest > 1 && first === self;
}

/** Everybody begins at another end, so that replicas that start together do not all want the same. */
function sorted(names: readonly string[], self: string): string[] {
  const order = (name: string) => createHash('sha256').update(`${self}/${name}`).digest('hex');
  return names
    .map((name) => ({ name, order: order(name) }))
    .sort((one, other) => (one.order < other.order ? -1 : 1))
    .map(({ name }) => name);
}
