import type { Logger } from '../../kube/logger.ts';
import { linkSignals } from '../../kube/signals.ts';
import type { ClusterConfiguration, LowerCluster } from '../lower-cluster.ts';
import type { ClusterSource } from '../source.ts';
import { LowerFeed } from './lower-feed.ts';

/** A lower cluster as one virtual node stands for it, or for a part of it. */
export interface PicturedCluster {
  readonly configuration: ClusterConfiguration;
  readonly feed: LowerFeed;
}

export interface LowerPicturesOptions {
  readonly source: ClusterSource;
  readonly upperCluster: string;
  /** See LowerFeed. */
  readonly patience: number;
  /** Told that clusters came or went. */
  readonly onClusters: () => void;
  /** Told that a cluster was listed for the first time. */
  readonly onSynced: (feed: LowerFeed) => void;
  /** Told that a pod of somebody above has changed below; see LowerFeed. */
  readonly onPod: (feed: LowerFeed, key: string) => void;
  readonly logger: Logger;
}

interface Running {
  readonly feed: LowerFeed;
  readonly stop: () => void;
}

/**
 * The pictures of all lower clusters that a source names, each fed by itself. Entries with the same kubeconfig share
 * one picture: they are parts of one cluster.
 */
export class LowerPictures {
  readonly #options: LowerPicturesOptions;
  readonly #running = new Map<string, Running>();
  readonly #ends = new Set<Promise<void>>();
  #clusters: ReadonlyMap<string, PicturedCluster> = new Map();
  #isRead = false;

  constructor(options: LowerPicturesOptions) {
    this.#options = options;
  }

  /** Whether the source has been read once. */
  get isRead(): boolean {
    return this.#isRead;
  }

  /** By the name of the cluster. */
  get clusters(): ReadonlyMap<string, PicturedCluster> {
    return this.#clusters;
  }

  /** Follows the source until the signal aborts. @throws KubeError when it cannot be read at first */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.source.run((clusters) => this.#take(clusters, signal), signal);
    } finally {
      for (const { stop } of this.#running.values()) stop();
      await Promise.all(this.#ends);
    }
  }

  #take(clusters: ReadonlyMap<string, LowerCluster>, signal: AbortSignal): void {
    const wanted = new Map([...clusters.values()].map((cluster) => [keyOf(cluster), cluster]));
    for (const [key, { stop }] of this.#running) {
      if (wanted.has(key)) continue;
      stop();
      this.#running.delete(key);
    }
    for (const [key, cluster] of wanted)
      if (!this.#running.has(key)) this.#running.set(key, this.#start(cluster, signal));
    const pictured = new Map<string, PicturedCluster>();
    for (const [name, cluster] of clusters) {
      const running = this.#running.get(keyOf(cluster));
      if (running) pictured.set(name, { configuration: cluster.configuration, feed: running.feed });
    }
    this.#clusters = pictured;
    this.#isRead = true;
    this.#options.onClusters();
  }

  #start(cluster: LowerCluster, signal: AbortSignal): Running {
    const { upperCluster, patience, logger, onSynced, onPod } = this.#options;
    const ending = linkSignals(signal);
    const feed = new LowerFeed({
      cluster,
      upperCluster,
      patience,
      logger,
      onSynced: () => onSynced(feed),
      onPod: (key) => onPod(feed, key),
    });
    const end = feed.run(ending.signal).finally(() => {
      ending.release();
      this.#ends.delete(end);
    });
    this.#ends.add(end);
    return { feed, stop: () => ending.abort() };
  }
}

function keyOf({ kubeconfig }: LowerCluster): string {
  return JSON.stringify(kubeconfig);
}
