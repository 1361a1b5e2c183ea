import { setTimeout as sleep } from 'node:timers/promises';
import type { Election } from '../../kube/election/election.ts';
import type { Logger } from '../../kube/logger.ts';
import { IdleNodes } from './idle.ts';
import type { JoinedCluster } from './joined-cluster.ts';
import { progressOf } from './progress.ts';
import { memberReadiness } from './readiness.ts';

export interface IdleLeadsOptions {
  readonly election: Pick<Election, 'held' | 'isAlone' | 'giveUp'>;
  /** The work for each virtual node, as it is now. */
  readonly joined: ReadonlyMap<string, JoinedCluster>;
  /** Milliseconds without a step after which a virtual node is given up, the first time. */
  readonly patience: number;
  /** Told of each that was given up. */
  readonly onGivenUp: () => void;
  readonly logger: Logger;
}

/**
 * Leaves to other replicas what this one leads and does not get to work for; alone, what does not move is begun anew.
 */
export class IdleLeads {
  readonly #options: IdleLeadsOptions;
  readonly #nodes: IdleNodes;

  constructor(options: IdleLeadsOptions) {
    this.#options = options;
    this.#nodes = new IdleNodes(options.patience);
  }

  /** Looks until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#look();
      await sleep(this.#options.patience / 60, undefined, { signal }).catch(() => {});
    }
  }

  /** Work for a node ended, or begins anew. */
  left(name: string): void {
    this.#nodes.left(name);
  }

  /** A node is wanted no more. */
  forget(name: string): void {
    this.#nodes.forget(name);
  }

  #look(): void {
    const { election, joined, onGivenUp, logger } = this.#options;
    const { isAlone } = election;
    const what = isAlone
      ? 'begins the virtual node anew: it leads it alone and does not get to work'
      : 'gives up the virtual node: it leads it and does not get to work';
    for (const name of election.held) {
      const work = joined.get(name);
      const idle = this.#nodes.look(name, progressOf(work, isAlone));
      if (idle === undefined) continue;
      const { says: message } = memberReadiness(work);
      logger.error({ node: name, seconds: Math.round(idle / 1_000), message }, what);
      onGivenUp();
      election.giveUp(name);
    }
  }
}
