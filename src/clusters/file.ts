import { access, readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { KubeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import { type ClusterEntry, readClusterFile } from './configuration.ts';
import { looks } from './looks.ts';
import type { LowerCluster } from './lower-cluster.ts';
import { type Read, told } from './mistakes.ts';
import type { ClusterSource } from './source.ts';

export interface ClusterFileOptions {
  readonly path: string;
  readonly logger: Logger;
  /** Milliseconds between two looks at the file, besides what the file system tells; 5 s unless told. */
  readonly period?: number;
}

/**
 * The lower clusters that a file names. It is followed by its content, for a file may be replaced (editors) or stand
 * behind a chain of links that are turned (ConfigMaps). A later version with a mistake is told about in the log, and
 * the last good one holds.
 */
export class ClusterFile implements ClusterSource {
  readonly #options: ClusterFileOptions;
  /** By name, to keep those that do not change. */
  #clusters: ReadonlyMap<string, LowerCluster> = new Map();

  constructor(options: ClusterFileOptions) {
    this.#options = options;
  }

  async run(
    onChange: (clusters: ReadonlyMap<string, LowerCluster>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { path, logger, period = 5_000 } = this.#options;
    let seen = await this.#read();
    if ('mistakes' in seen) throw new KubeError('Configuration', seen.mistakes.join('; '));
    this.#clusters = seen.value;
    onChange(seen.value);
    for await (const _ of looks(dirname(path), period, signal)) {
      const next = await this.#read();
      if (isSame(seen, next)) continue;
      seen = next;
      if ('mistakes' in next) {
        for (const message of next.mistakes)
          logger.error({ message }, 'the file of clusters has a mistake; its last good version holds');
      } else if (!isEqual(this.#clusters, next.value)) {
        this.#clusters = next.value;
        logger.info({ file: path, clusters: [...next.value.keys()] }, 'the file of clusters has changed');
        onChange(next.value);
      }
    }
  }

  async #read(): Promise<Read<ReadonlyMap<string, LowerCluster>>> {
    const { path } = this.#options;
    const where = basename(path);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      return { mistakes: [`${path}: it cannot be read: ${codeOf(error)}`] };
    }
    const read = readClusterFile(where, text);
    if ('mistakes' in read) return read;
    const clusters = new Map<string, LowerCluster>();
    const mistakes: string[] = [];
    for (const [index, entry] of read.value.entries()) {
      const cluster = toCluster(entry, dirname(path));
      const unreadable = await whyUnreadable(cluster.kubeconfig.path);
      if (unreadable)
        mistakes.push(
          `${where}: clusters[${index}].kubeconfig: ${cluster.kubeconfig.path} cannot be read: ${unreadable}`,
        );
      const { name } = cluster.configuration;
      const before = this.#clusters.get(name);
      clusters.set(name, before && JSON.stringify(before) === JSON.stringify(cluster) ? before : cluster);
    }
    return mistakes.length > 0 ? { mistakes: told(mistakes, (line) => line) } : { value: clusters };
  }
}

function toCluster({ configuration, kubeconfig, context }: ClusterEntry, folder: string) {
  const path = resolve(folder, kubeconfig);
  return { configuration, kubeconfig: { path, ...(context === undefined ? {} : { context }) } };
}

async function whyUnreadable(path: string): Promise<string | undefined> {
  return access(path).then(
    () => undefined,
    (error: unknown) => codeOf(error),
  );
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return code === 'ENOENT' ? 'there is no such file' : code;
}

function isSame(a: Read<unknown>, b: Read<ReadonlyMap<string, LowerCluster>>): boolean {
  if ('mistakes' in a && 'mistakes' in b) return a.mistakes.join('\n') === b.mistakes.join('\n');
  return 'value' in a && 'value' in b && isEqual(a.value as ReadonlyMap<string, LowerCluster>, b.value);
}

function isEqual(a: ReadonlyMap<string, LowerCluster>, b: ReadonlyMap<string, LowerCluster>): boolean {
  return a.size === b.size && [...a].every(([name, cluster]) => b.get(name) === cluster);
}
