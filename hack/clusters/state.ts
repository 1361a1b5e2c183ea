import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isAlive, startTimeOf } from './process.ts';

/** How one cluster is laid out, written before anything of it is started. */
export interface ClusterState {
  readonly name: string;
  /** Its place in the set. */
  readonly index: number;
  readonly address: string;
  readonly namespace?: string;
  readonly serviceCidr: string;
  readonly firstServiceAddress: string;
  readonly podCidr: string;
  readonly ports: Readonly<Record<PortName, number>>;
  readonly nodes: NodesOptions;
  /** Of IPv6, for a cluster whose Services may have two families. */
  readonly secondServiceCidr?: string;
  /** Whether its API server writes an audit log. */
  readonly isAudited?: boolean;
}

/** What plays the nodes: nothing, one real kubelet, kwok, both, or a k3s container that is the whole cluster. */
export type NodesOptions =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'kubelet';
      /** Its pods ask the DNS server that cluster-services.ts starts. */
      readonly names?: boolean;
      /** So many nodes beside the real one are played by kwok. */
      readonly played?: number;
    }
  | { readonly kind: 'k3s' }
  | {
      readonly kind: 'kwok';
      readonly nodes: number;
      readonly allocatable?: Readonly<Record<string, string>>;
    };

/** How many nodes of a cluster kwok plays. */
export function playedNodesOf({ nodes }: Pick<ClusterState, 'nodes'>): number {
  if (nodes.kind === 'kwok') return nodes.nodes;
  return (nodes.kind === 'kubelet' && nodes.played) || 0;
}

export const portNames = [
  'apiserver',
  'etcd',
  'etcdPeer',
  'controllerManager',
  'scheduler',
  'nodes',
] as const;
export type PortName = (typeof portNames)[number];

/** What a set of clusters is, as far as it must be known to stop it or to use it from another process. */
export interface SetState {
  readonly set?: number;
  readonly clusters: readonly ClusterState[];
  /** The process without which the set has no reason to be: a test run. Not there for `isthmus up`. */
  readonly owner?: { readonly pid: number; readonly startTime: string };
  /** True once everything had started. */
  readonly complete: boolean;
}

/** Where sets are claimed: one link each, named by the number, pointing to the directory. Short, for socket paths. */
export const RUN_FOLDER = '/run/isthmus';

/** The folder of a set for what must have a short path, and must not outlive the machine's uptime. */
export function runFolder(set: number, cluster: string): string {
  return join(RUN_FOLDER, `${set}-${cluster}`);
}

/** Writes the state so that a reader sees the old or the new one. */
export function writeState(directory: string, state: SetState): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'state.json');
  writeFileSync(`${file}.new`, JSON.stringify(state, undefined, 2));
  renameSync(`${file}.new`, file);
}

/** The state of the set in this directory, or undefined if none was ever started there. */
export function readState(directory: string): SetState | undefined {
  const file = join(directory, 'state.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SetState) : undefined;
}

/** Takes a number for a directory; false if another directory has it. A link is made whole or not at all. */
export function claim(set: number, directory: string): boolean {
  mkdirSync(RUN_FOLDER, { recursive: true, mode: 0o700 });
  try {
    symlinkSync(directory, join(RUN_FOLDER, String(set)));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The numbers that are taken, with the directory each is taken for. */
export function claims(): { set: number; directory: string }[] {
  // Without root there are no sets, and those of root are not to be seen.
  if (process.getuid?.() !== 0 || !existsSync(RUN_FOLDER)) return [];
  return readdirSync(RUN_FOLDER)
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ set: Number(name), directory: readlinkSync(join(RUN_FOLDER, name)) }));
}

/** Gives a number back. The last thing done when a set is stopped. */
export function release(set: number): void {
  unlinkSync(join(RUN_FOLDER, String(set)));
}

/**
 * Lets one living process alone remove what somebody left of a set; false for the others, to whom its number stays taken.
 * Whoever comes with the news of before must not remove what another has made under that number since.
 */
export function takeRemoval(set: number): boolean {
  const link = removalOf(set);
  const mine = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' };
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      symlinkSync(JSON.stringify(mine), link);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    // One who was killed in the middle of it.
    if (isAlive(JSON.parse(readlinkSync(link)) as typeof mine)) return false;
    rmSync(link, { force: true });
  }
  return false;
}

/** What was taken with {@link takeRemoval} is done. */
export function endRemoval(set: number): void {
  rmSync(removalOf(set), { force: true });
}

function removalOf(set: number): string {
  return join(RUN_FOLDER, `removing-${set}`);
}

/** Whether nobody can want this set any more: its directory is gone, or the process it was made for. */
export function isAbandoned(directory: string): boolean {
  if (!existsSync(directory)) return true;
  const owner = readState(directory)?.owner;
  return owner !== undefined && !isAlive(owner);
}
