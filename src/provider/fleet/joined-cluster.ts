import { setTimeout as sleep } from 'node:timers/promises';
import type { LowerCluster } from '../../clusters/lower-cluster.ts';
import { type Backoff, backoffDelay } from '../../kube/backoff.ts';
import { loadConnection } from '../../kube/connection.ts';
import { describeError } from '../../kube/errors.ts';
import { linkSignals } from '../../kube/signals.ts';
import { within } from '../../kube/within.ts';
import type { OpenCluster } from './open-cluster.ts';

export interface JoinedClusterOptions {
  /** @throws KubeError */
  readonly open: (cluster: LowerCluster, signal: AbortSignal) => Promise<OpenCluster>;
  /** Told of each attempt to start that failed. */
  readonly onFailure: (error: unknown) => void;
}

/** How long a stop waits for a start under way, in milliseconds. */
const stopGrace = 2_000;
const retry: Backoff = { first: 500, most: 30_000 };

/** One lower cluster at work in this process: tried again until it starts and begins to work, until it is stopped. */
export class JoinedCluster {
  readonly #options: JoinedClusterOptions;
  readonly #stopping = new AbortController();
  readonly #attempts: Promise<void>;
  #cluster: LowerCluster;
  #opened: OpenCluster | undefined;
  #failure: string | undefined;
  #failures = 0;
  #pause: AbortController | undefined;

  /** Begins at once. */
  constructor(cluster: LowerCluster, options: JoinedClusterOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#attempts = this.#run();
  }

  get cluster(): LowerCluster {
    return this.#cluster;
  }

  /** What is at work, once the start succeeded. */
  get opened(): OpenCluster | undefined {
    return this.#opened;
  }

  /** Why the last attempt to start failed; undefined when it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** How many attempts to start have failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether its end was asked for: it does not come back. */
  get isEnding(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Takes over what has changed, if that can be done in passing: new credentials for the same server. */
  update(cluster: LowerCluster): boolean {
    if (this.isEnding || !isSameButForCredentials(this.#cluster, cluster)) return false;
    this.#cluster = cluster;
    this.#opened?.renewCredentials();
    this.#pause?.abort();
    return true;
  }

  /** Ends the work; when it resolves nothing is written any more. */
  async stop(how?: { lost: boolean }): Promise<void> {
    this.#stopping.abort();
    // An attempt that waits for a cluster that does not answer ends by itself, and is then closed.
    if (!how?.lost) await within(stopGrace, this.#attempts);
    await this.#opened?.stop(how);
  }

  /** Ends the sessions of kubectl, too. */
  async close(): Promise<void> {
    await this.stop();
    await this.#opened?.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const began = this.#cluster;
        const opened = await this.#options.open(this.#followed(), signal);
        if (signal.aborted) return await opened.close();
        this.#opened = opened;
        this.#failure = undefined;
        if (this.#cluster !== began) opened.renewCredentials();
        const why = await Promise.race([opened.broken, this.#stopped()]);
        if (signal.aborted) return;
        await opened.close().finally(() => {
          this.#opened = undefined;
        });
        throw why;
      } catch (error) {
        if (signal.aborted) return;
        this.#failures += 1;
        this.#failure = describeError(error);
        this.#options.onFailure(error);
        await this.#wait(backoffDelay(retry, this.#failures));
      }
    }
  }

  #stopped(): Promise<void> {
    const { signal } = this.#stopping;
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  async #wait(milliseconds: number): Promise<void> {
    this.#pause = new AbortController();
    const link = linkSignals(this.#pause.signal, this.#stopping.signal);
    await sleep(milliseconds, undefined, { signal: link.signal }).catch(() => {});
    link.release();
  }

  /** The cluster, with a kubeconfig that reads as the newest one each time. */
  #followed(): LowerCluster {
    const { kubeconfig } = this.#cluster;
    if ('path' in kubeconfig) return this.#cluster;
    const newest = () => {
      const now = this.#cluster.kubeconfig;
      return 'text' in now ? now.text : kubeconfig.text;
    };
    const { from, context } = kubeconfig;
    return {
      ...this.#cluster,
      kubeconfig: {
        from,
        context,
        get text() {
          return newest();
        },
      },
    };
  }
}

function isSameButForCredentials(one: LowerCluster, other: LowerCluster): boolean {
  if (JSON.stringify(one.configuration) !== JSON.stringify(other.configuration)) return false;
  if ('path' in one.kubeconfig || 'path' in other.kubeconfig) return false;
  try {
    return wayOf(one) === wayOf(other);
  } catch {
    return false;
  }
}

/** The server and the proxy on the way to it, which cannot change under connections. */
function wayOf({ configuration, kubeconfig }: LowerCluster): string {
  const { server, proxyUrl } = loadConnection(configuration.name, kubeconfig);
  return `${server.href} ${proxyUrl}`;
}
