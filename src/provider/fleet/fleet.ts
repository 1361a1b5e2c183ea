import type { LowerCluster } from '../../clusters/lower-cluster.ts';
import type { ClusterSource } from '../../clusters/source.ts';
import { Client } from '../../kube/client.ts';
import { type Deferred, deferred } from '../../kube/deferred.ts';
import { Election, type ElectionOptions } from '../../kube/election/election.ts';
import { describeError } from '../../kube/errors.ts';
import { linkSignals } from '../../kube/signals.ts';
import { within } from '../../kube/within.ts';
import type { NodeMetrics } from '../../metrics/node-metrics.ts';
import { UpperDependencies } from '../dependencies/upper-dependencies.ts';
import { IdleLeads } from './idle-leads.ts';
import { JoinedCluster } from './joined-cluster.ts';
import { openCluster, type SharedOptions } from './open-cluster.ts';
import { memberReadiness } from './readiness.ts';

export interface FleetOptions extends Omit<SharedOptions, 'upperDependencies' | 'mayBeSent'> {
  readonly source: ClusterSource;
  /** How replicas agree on who does what; alone, all of it is ours. */
  readonly election: Pick<ElectionOptions, 'group' | 'identity' | 'timing'> | undefined;
  /** Whether a cluster that cannot be started ends everything: one that is alone should not seem to work. */
  readonly endsOnFailure: boolean;
  /** Told of each virtual node that has started. */
  readonly onJoined: () => void;
  /** Told of each virtual node that is left to others, or begun anew, because we did not get to work for it. */
  readonly onGivenUp: () => void;
  /** Starts a virtual node. */
  readonly open?: typeof openCluster;
  readonly patience?: Patience;
}

/** In milliseconds. */
export interface Patience {
  /** A virtual node that we lead is given up when the work for it takes no step towards its beginning for so long. */
  readonly idle: number;
  /** The end of work is not waited for any longer: what does not end must not keep others from beginning. */
  readonly end: number;
}

/** Each start lists six kinds or so, each a step; an end takes ten seconds where nothing answers. */
const usual: Patience = { idle: 60_000, end: 15_000 };

/** How one virtual node stands in this process. */
export interface FleetMember {
  readonly name: string;
  readonly isReady: boolean;
  readonly says: string;
}

/**
 * The virtual nodes of a process, one for each lower cluster that the source names and this replica leads. They
 * share nothing but the way to the upper API server and what that cluster has for pods to name; each starts, fails
 * and stops by itself.
 */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #shared: SharedOptions;
  /** By the name of the virtual node. */
  readonly #wanted = new Map<string, LowerCluster>();
  readonly #led = new Set<string>();
  readonly #joined = new Map<string, JoinedCluster>();
  /** The last step of each virtual node: its steps come one after another. */
  readonly #turns = new Map<string, Promise<void>>();
  readonly #closing = new Set<Promise<unknown>>();
  readonly #dependencies = new Map<string | undefined, UpperDependencies>();
  readonly #watching = new AbortController();
  readonly #failed: Deferred = deferred();
  /** Of what all virtual nodes share: the metrics' label of the lower cluster is empty. */
  readonly #metrics: NodeMetrics;
  readonly #upper: Client;
  readonly #patience: Patience;
  #election: Election | undefined;
  /** Without an election nothing is given up. */
  #idle: IdleLeads | undefined;
  #isListed = false;
  #isStopping = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#shared = {
      ...options,
      upperDependencies: (namespace) => this.#dependenciesOf(namespace),
      mayBeSent: options.election && ((name) => this.#election?.mayWork(name) ?? false),
    };
    this.#patience = options.patience ?? usual;
    this.#failed.promise.catch(() => {});
    this.#metrics = options.metricsFor('');
    this.#upper = new Client(options.upper, this.#metrics.calls('upper'));
  }

  /** How every virtual node that is ours now stands. */
  members(): FleetMember[] {
    const nodes = [...this.#led].filter((name) => this.#wanted.has(name));
    return [
      ...(this.#isListed
        ? []
        : [{ name: 'clusters', isReady: false, says: 'waits for the list of clusters' }]),
      ...(this.#election && !this.#election.isTakingPart
        ? [{ name: 'election', isReady: false, says: 'waits for the Leases of the replicas' }]
        : []),
      ...nodes.map((name) => ({ name, ...memberReadiness(this.#joined.get(name)) })),
    ];
  }

  /**
   * Works until the signal aborts, then ends everything.
   *
   * @throws KubeError when the source cannot be read, or a cluster cannot be started and that ends everything
   */
  async run(signal: AbortSignal): Promise<void> {
    const { source, election, onGivenUp, logger } = this.#options;
    const stopping = linkSignals(signal);
    if (election) {
      this.#election = new Election({
        ...election,
        client: this.#upper,
        onStarted: (name) => this.#lead(name),
        onStopped: (name, how) => this.#yield(name, how),
        onError: (message) => logger.warn({ message }, 'the election goes on'),
      });
      const led = { election: this.#election, joined: this.#joined };
      this.#idle = new IdleLeads({ ...led, patience: this.#patience.idle, onGivenUp, logger });
    }
    const electing = this.#election?.run(stopping.signal);
    const looking = this.#idle?.run(stopping.signal);
    const reading = source.run((clusters) => this.#take(clusters), stopping.signal);
    const ended = new Promise<void>((resolve) => {
      stopping.signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
    try {
      await Promise.race([ended, this.#failed.promise, reading.then(() => ended)]);
    } finally {
      this.#isStopping = true;
      stopping.abort();
      stopping.release();
      await Promise.all([electing, looking]);
      await Promise.all([...this.#led].map((name) => this.#yield(name)));
      await Promise.all(this.#closing);
      this.#watching.abort();
    }
  }

  #take(clusters: ReadonlyMap<string, LowerCluster>): void {
    if (this.#isStopping) return;
    this.#isListed = true;
    const before = [...this.#wanted.keys()];
    this.#wanted.clear();
    for (const cluster of clusters.values()) this.#wanted.set(cluster.configuration.nodeName, cluster);
    for (const name of before) if (!this.#wanted.has(name)) this.#idle?.forget(name);
    const names = new Set([...before, ...this.#wanted.keys()]);
    if (!this.#election) for (const name of this.#wanted.keys()) this.#led.add(name);
    for (const name of names) void this.#turn(name);
    this.#election?.setNames(this.#wanted.keys());
  }

  #lead(name: string): void {
    this.#options.logger.info({ node: name }, 'leads the virtual node');
    this.#led.add(name);
    void this.#turn(name);
  }

  async #yield(name: string, how?: { lost: boolean }): Promise<void> {
    this.#led.delete(name);
    this.#idle?.left(name);
    // What is under way for it must not be waited for.
    if (how?.lost) this.#joined.get(name)?.stop(how).catch(this.#tellEnd(name));
    await this.#turn(name);
  }

  /** Brings a virtual node to what is wanted of it now, after what is under way for it. Never rejects. */
  #turn(name: string): Promise<void> {
    const step = async () => {
      const wanted = this.#led.has(name) ? this.#wanted.get(name) : undefined;
      const joined = this.#joined.get(name);
      if (joined?.cluster === wanted && !joined?.isEnding) return;
      if (joined && wanted && joined.update(wanted)) return;
      if (joined) await this.#leave(name, joined);
      if (wanted) this.#join(name, wanted);
    };
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(step).catch((error: unknown) => {
      this.#options.logger.error(
        { node: name, message: describeError(error) },
        'a virtual node cannot be changed',
      );
    });
    this.#turns.set(name, turn);
    return turn;
  }

  #join(name: string, cluster: LowerCluster): void {
    const { logger, endsOnFailure } = this.#options;
    const joined = new JoinedCluster(cluster, {
      open: async (latest, signal) => {
        const opened = await (this.#options.open ?? openCluster)(this.#shared, latest, signal);
        this.#options.onJoined();
        return opened;
      },
      onFailure: (error) => {
        if (endsOnFailure) return this.#failed.reject(error);
        const told = { cluster: cluster.configuration.name, message: describeError(error) };
        logger.error(told, 'a cluster cannot be joined yet');
      },
    });
    this.#joined.set(name, joined);
    this.#idle?.left(name);
  }

  /** Resolves when nothing is done for it any more; sessions of kubectl may go on for their grace. */
  async #leave(name: string, joined: JoinedCluster): Promise<void> {
    const { logger, metricsFor } = this.#options;
    const { end } = this.#patience;
    const isOver = await within(end, joined.stop()).catch(this.#tellEnd(name));
    if (isOver === false)
      logger.error({ node: name }, 'the work for the virtual node does not end, and is not waited for');
    // When we lead the node again, what is left of this work would be let through as that of then.
    if (!isOver) joined.stop({ lost: true }).catch(this.#tellEnd(name));
    if (joined.opened) logger.info({ node: name }, 'works for the virtual node no more');
    this.#joined.delete(name);
    const closing = within(end, joined.close())
      .catch(this.#tellEnd(name))
      .finally(() => {
        this.#closing.delete(closing);
        if (!this.#joined.has(name)) metricsFor(name).remove();
      });
    this.#closing.add(closing);
  }

  #tellEnd(name: string): (error: unknown) => void {
    const { logger } = this.#options;
    return (error) =>
      logger.error(
        { node: name, message: describeError(error) },
        'the work for the virtual node did not end well',
      );
  }

  #dependenciesOf(namespace: string | undefined): UpperDependencies {
    const known = this.#dependencies.get(namespace);
    if (known) return known;
    const { logger } = this.#options;
    const onError = (message: string) => logger.warn({ message }, 'a watch failed and goes on');
    const metrics = this.#metrics;
    const dependencies = new UpperDependencies({ upper: this.#upper, namespace, onError, metrics });
    void dependencies.watches.run(this.#watching.signal);
    this.#dependencies.set(namespace, dependencies);
    return dependencies;
  }
}
