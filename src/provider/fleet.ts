import type { LowerCluster } from '../clusters/lower-cluster.ts';
import type { ClusterSource } from '../clusters/source.ts';
import { Client } from '../kube/client.ts';
import { type Deferred, deferred } from '../kube/deferred.ts';
import { Election, type ElectionOptions } from '../kube/election/election.ts';
import { describeError } from '../kube/errors.ts';
import { linkSignals } from '../kube/signals.ts';
import { JoinedCluster } from './joined-cluster.ts';
import { openCluster, type SharedOptions } from './open-cluster.ts';
import { readinessOf } from './readiness.ts';
import { UpperDependencies } from './upper-dependencies.ts';

export interface FleetOptions extends Omit<SharedOptions, 'upperDependencies'> {
  readonly source: ClusterSource;
  /** How replicas agree on who does what; alone, all of it is ours. */
  readonly election: Pick<ElectionOptions, 'group' | 'identity' | 'timing'> | undefined;
  /** Whether a cluster that cannot be started ends everything: one that is alone should not seem to work. */
  readonly endsOnFailure: boolean;
  /** Told of each virtual node that has started. */
  readonly onJoined: () => void;
}

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
  readonly #closing = new Set<Promise<void>>();
  readonly #dependencies = new Map<string | undefined, UpperDependencies>();
  readonly #watching = new AbortController();
  readonly #failed: Deferred = deferred();
  #election: Election | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#shared = { ...options, upperDependencies: (namespace) => this.#dependenciesOf(namespace) };
    this.#failed.promise.catch(() => {});
  }

  /** How every virtual node that is ours now stands. */
  members(): FleetMember[] {
    return [...this.#led].flatMap((name) => {
      if (!this.#wanted.has(name)) return [];
      const provider = this.#joined.get(name)?.opened?.provider;
      return { name, ...(provider ? readinessOf(provider.state) : connecting) };
    });
  }

  /**
   * Works until the signal aborts, then ends everything.
   *
   * @throws KubeError when the source cannot be read, or a cluster cannot be started and that ends everything
   */
  async run(signal: AbortSignal): Promise<void> {
    const { source, election, upper, logger } = this.#options;
    const stopping = linkSignals(signal);
    if (election) {
      this.#election = new Election({
        ...election,
        client: new Client(upper),
        onStarted: (name) => this.#lead(name),
        onStopped: (name) => this.#yield(name),
        onError: (message) => logger.warn({ message }, 'the election goes on'),
      });
    }
    const electing = this.#election?.run(stopping.signal);
    const reading = source.run((clusters) => this.#take(clusters), stopping.signal);
    const ended = new Promise<void>((resolve) => {
      stopping.signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
    try {
      await Promise.race([ended, this.#failed.promise, reading.then(() => ended)]);
    } finally {
      stopping.abort();
      stopping.release();
      await electing;
      await Promise.all([...this.#led].map((name) => this.#yield(name)));
      await Promise.all(this.#closing);
      this.#watching.abort();
    }
  }

  #take(clusters: ReadonlyMap<string, LowerCluster>): void {
    const before = [...this.#wanted.keys()];
    this.#wanted.clear();
    for (const cluster of clusters.values()) this.#wanted.set(cluster.configuration.nodeName, cluster);
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

  async #yield(name: string): Promise<void> {
    this.#led.delete(name);
    await this.#turn(name);
  }

  /** Brings a virtual node to what is wanted of it now, after what is under way for it. Never rejects. */
  #turn(name: string): Promise<void> {
    const step = async () => {
      const wanted = this.#led.has(name) ? this.#wanted.get(name) : undefined;
      const joined = this.#joined.get(name);
      if (joined?.cluster === wanted) return;
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
        const opened = await openCluster(this.#shared, latest, signal);
        this.#options.onJoined();
        return opened;
      },
      onFailure: (error) => {
        if (endsOnFailure) return this.#failed.reject(error);
        const { name: clusterName } = cluster.configuration;
        logger.error(
          { cluster: clusterName, message: describeError(error) },
          'a cluster cannot be joined yet',
        );
      },
    });
    this.#joined.set(name, joined);
  }

  /** Resolves when nothing is done for it any more; sessions of kubectl may go on for their grace. */
  async #leave(name: string, joined: JoinedCluster): Promise<void> {
    await joined.stop();
    this.#joined.delete(name);
    const closing = joined.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #dependenciesOf(namespace: string | undefined): UpperDependencies {
    const known = this.#dependencies.get(namespace);
    if (known) return known;
    const { upper, logger } = this.#options;
    const onError = (message: string) => logger.warn({ message }, 'a watch failed and goes on');
    const dependencies = new UpperDependencies({ upper: new Client(upper), namespace, onError });
    void dependencies.run(this.#watching.signal);
    this.#dependencies.set(namespace, dependencies);
    return dependencies;
  }
}

const connecting = { isReady: false, says: 'asks both clusters who they are' };
