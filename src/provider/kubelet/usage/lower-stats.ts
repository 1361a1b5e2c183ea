import { describeError, hasCode, KubeError } from '../../../kube/errors.ts';
import type { Logger } from '../../../kube/logger.ts';
import { keyOf } from '../../../kube/resources.ts';
import type { Transport } from '../../../kube/transport.ts';
import type { ListPods } from './node-pods.ts';
import { type Scraped, scrape } from './scrape.ts';

/** What one lower node said, and which of our pods are there: their `namespace/name` and the uids above. */
interface NodeAnswer {
  readonly text: string;
  readonly uids: ReadonlyMap<string, string>;
}

export interface LowerAnswers {
  readonly nodes: readonly NodeAnswer[];
  /** Whether a node that carries pods of ours is missing. */
  readonly isPartial: boolean;
}

export interface LowerStatsOptions {
  lower: Transport;
  listPods: ListPods;
  logger: Logger;
}

/** Asks the lower nodes that carry our pods, and only those. Says in the log once what a node does not serve. */
export class LowerStats {
  readonly #options: LowerStatsOptions;
  /** By path, what has been said of it already. */
  readonly #failing = new Map<string, ReadonlySet<string>>();

  constructor(options: LowerStatsOptions) {
    this.#options = options;
  }

  /**
   * The answers to a path; of a node that fails there, to the next.
   *
   * @throws KubeError `Forbidden` when the lower cluster does not let us ask, `Unreachable` when no node answers
   */
  async ask(...paths: readonly string[]): Promise<LowerAnswers> {
    const { lower, listPods } = this.#options;
    const pods = new Map<string, Map<string, string>>();
    for (const pair of listPods()) {
      const node = pair.lower?.spec?.nodeName;
      if (node === undefined) continue;
      const uids = pods.get(node) ?? new Map();
      pods.set(node, uids.set(keyOf(pair.upper), pair.upper.metadata?.uid ?? ''));
    }
    const scraped = await scrape(lower, pods.keys(), paths);
    this.#report(scraped, paths[0] ?? '');
    const [failure] = scraped.failures.values();
    if (failure !== undefined && scraped.answers.size === 0) throw refusal(failure);
    const nodes = [...scraped.answers].map(([node, text]) => ({ text, uids: pods.get(node) ?? new Map() }));
    return { nodes, isPartial: scraped.failures.size > 0 };
  }

  #report({ failures }: Scraped, path: string): void {
    const { logger } = this.#options;
    const now = new Set<string>();
    for (const [node, error] of failures) {
      // What the API server forbids it forbids for every node: one line is enough.
      const what = hasCode(error, 'Forbidden') ? 'Forbidden' : node;
      if (!now.has(what) && !this.#failing.get(path)?.has(what))
        logger.warn({ node, path, error: describeError(error) }, 'pods of a lower node have no figures');
      now.add(what);
    }
    this.#failing.set(path, now);
  }
}

function refusal(cause: unknown): KubeError {
  if (!hasCode(cause, 'Forbidden'))
    return new KubeError('Unreachable', 'no lower node tells what its pods use', { cause });
  const missing =
    'the provider may not "get nodes/proxy" in the lower cluster, so it cannot tell what pods use';
  return new KubeError('Forbidden', missing, { cause });
}
