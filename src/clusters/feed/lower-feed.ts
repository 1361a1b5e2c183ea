import { setTimeout as sleep } from 'node:timers/promises';
import { type Backoff, backoffDelay } from '../../kube/backoff.ts';
import { Client } from '../../kube/client.ts';
import { loadConnection } from '../../kube/connection.ts';
import { describeError, KubeError } from '../../kube/errors.ts';
import type { Logger } from '../../kube/logger.ts';
import { RateLimit } from '../../kube/rate-limit.ts';
import { linkSignals } from '../../kube/signals.ts';
import { Transport } from '../../kube/transport.ts';
import type { Pod } from '../../kube/types.ts';
import type { Watches } from '../../kube/watches.ts';
import { Picture } from '../../scheduling/picture.ts';
import type { LowerCluster } from '../lower-cluster.ts';
import { LowerHealth } from '../lower-health.ts';
import { type LowerPod, lowerPodOf } from './lower-pod.ts';
import { watchesInto } from './watches.ts';

export interface LowerFeedOptions {
  readonly cluster: LowerCluster;
  /** uid of the upper cluster: a kubeconfig that leads there is a mistake. */
  readonly upperCluster: string;
  /** Milliseconds for which a picture is believed though a watch failed or the cluster does not answer. */
  readonly patience: number;
  /** Told that the pod of somebody above, of this key, was seen below, has changed or is gone. */
  readonly onPod: (key: string) => void;
  /** Told once everything is in the picture for the first time. */
  readonly onSynced: () => void;
  readonly logger: Logger;
}

const retry: Backoff = { first: 500, most: 30_000 };

/**
 * The picture of one lower cluster, kept by watches. Nothing of it waits for any other cluster. It says itself when
 * it is not to be believed.
 */
export class LowerFeed {
  readonly picture = new Picture();
  readonly #options: LowerFeedOptions;
  readonly #pods = new Map<string, LowerPod>();
  #watches: Watches | undefined;
  #health: LowerHealth | undefined;
  #uid: string | undefined;
  #trouble = 'it has not been reached yet';
  #isBehind = false;

  constructor(options: LowerFeedOptions) {
    this.#options = options;
  }

  /** uid of the lower cluster, once it answered. */
  get uid(): string | undefined {
    return this.#uid;
  }

  /** Whether everything has been in the picture once. */
  get isSynced(): boolean {
    return this.#watches !== undefined && this.#watches.unlisted() === undefined;
  }

  /** Why the picture is not to be believed now, in words; undefined while it is. */
  get staleness(): string | undefined {
    if (!this.#watches) return this.#trouble;
    const unlisted = this.#watches.unlisted();
    if (unlisted) return `its ${unlisted.resource} have not been listed yet${because(unlisted.failure)}`;
    const health = this.#health?.now;
    if (health && !health.reachable) return `it does not answer${because(health.message)}`;
    if (this.#isBehind) {
      if (this.#watches.isAnySilent) return 'it answers again, and what changed is not known yet';
      this.#isBehind = false;
    }
    const deaf = this.#watches.silentBefore(performance.now() - this.#options.patience);
    return deaf && `its ${deaf.resource} cannot be watched${because(deaf.failure)}`;
  }

  /** What is known of the lower pod of this `namespace/name`, if somebody above owns it. */
  lowerPod(key: string): LowerPod | undefined {
    return this.#pods.get(key);
  }

  /** The pods below that somebody above owns, by `namespace/name`. */
  lowerPods(): ReadonlyMap<string, LowerPod> {
    return this.#pods;
  }

  /** Watches until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { configuration } = this.#options.cluster;
    for (let failures = 0; !signal.aborted; ) {
      const ending = linkSignals(signal);
      let transport: Transport | undefined;
      try {
        const { qps, burst } = configuration;
        const connection = loadConnection(configuration.name, this.#options.cluster.kubeconfig);
        transport = new Transport(connection, { rateLimit: new RateLimit({ qps, burst }) });
        const closing = transport;
        ending.signal.addEventListener('abort', () => void closing.close(), { once: true });
        await this.#watch(new Client(transport), ending.signal);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        this.#trouble = describeError(error);
        this.#options.logger.error(
          { cluster: configuration.name, message: this.#trouble },
          'a lower cluster cannot be watched yet',
        );
        await sleep(backoffDelay(retry, failures), undefined, { signal }).catch(() => {});
      } finally {
        ending.release();
        await transport?.close();
      }
    }
  }

  async #watch(lower: Client, signal: AbortSignal): Promise<void> {
    const { upperCluster, patience, onSynced, logger, cluster } = this.#options;
    const { name } = cluster.configuration;
    const clusterUid = await lower.clusterUid({ urgent: true, timeout: 10_000, signal });
    if (clusterUid === upperCluster)
      throw new KubeError('Configuration', 'its kubeconfig leads to the upper cluster itself');
    this.#uid = clusterUid;
    const health = new LowerHealth({
      lower,
      clusterUid,
      patience,
      interval: Math.max(500, Math.min(5_000, patience / 3)),
      onChange: ({ reachable }) => {
        if (!reachable) return logger.error({ cluster: name }, 'a lower cluster does not answer');
        this.#isBehind = true;
        this.#watches?.reconnect();
        logger.info({ cluster: name }, 'a lower cluster answers again');
      },
    });
    const onError = (message: string) =>
      logger.warn({ cluster: name, message }, 'a watch failed and goes on');
    const watches = watchesInto(this.picture, lower, (key, pod) => this.#onPod(key, pod), onError);
    this.#health = health;
    this.#watches = watches;
    void watches.synced.then(
      () => {
        logger.info({ cluster: name, nodes: this.picture.nodeCount }, 'a lower cluster is in the picture');
        onSynced();
      },
      () => {},
    );
    await Promise.all([health.run(signal), watches.run(signal)]);
  }

  #onPod(key: string, pod: Pod | undefined): void {
    const known = this.#pods.get(key);
    const now = pod && lowerPodOf(pod);
    if (now) this.#pods.set(key, now);
    else this.#pods.delete(key);
    if (known || now) this.#options.onPod(key);
  }
}

function because(reason: string | undefined): string {
  return reason ? `: ${reason}` : '';
}
