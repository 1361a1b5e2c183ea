import { setTimeout as sleep } from 'node:timers/promises';
import { type Backoff, backoffDelay } from '../../kube/backoff.ts';
import type { Client } from '../../kube/client.ts';
import { describeError, errorOfWatch, hasCode, KubeError } from '../../kube/errors.ts';
import { lines } from '../../kube/lines.ts';
import { pods } from '../../kube/resources.ts';
import type { Pod, Status } from '../../kube/types.ts';
import { headOf } from '../../kube/watch-line.ts';
import { virtualPodLabel } from '../../translate/names.ts';

export interface LowerHistoryOptions {
  readonly lower: Client;
  /** How far the last provider had seen, as a resource version of the lower cluster; undefined when nobody knows. */
  readonly since: () => Promise<string | undefined>;
  /** Told of each lower pod that went since, as it was last. */
  readonly onGone: (pod: Pod) => void;
  readonly onError: (message: string) => void;
  /** The pauses after failures. */
  readonly retry?: Backoff | undefined;
}

type Line =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: Pod }
  | { readonly type: 'ERROR'; readonly object: Status };

/**
 * The API server sends a bookmark two seconds before a watch is over (cacher's nextBookmarkTime): by then it has sent all
 * that had been. Where nothing is newer than what was asked for it may send none, and ends the watch in its time.
 */
const watchSeconds = 3;
/** So long, in milliseconds, lasts a watch that nobody cut short: the server's clock is not ours. */
const fullTime = watchSeconds * 1_000 - 50;
const usualRetry: Backoff = { first: 200, most: 5_000 };
/** What the lower API server says of a position will be the same next time. Invalid: it is no resource version at all. */
const forGood = ['Gone', 'BadRequest', 'Forbidden', 'Invalid'] as const;

/**
 * What happened to lower pods while no provider looked. One that was made just before the last provider died, and went
 * before this one began, is neither below nor noted above: only the API server's own history tells that it was there.
 */
export class LowerHistory {
  readonly #options: LowerHistoryOptions;
  #since: { readonly position: string | undefined } | undefined;
  #isKnown = false;

  constructor(options: LowerHistoryOptions) {
    this.#options = options;
  }

  /** Whether no more can be learnt of it: until then a pod without a lower one may have had one. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /**
   * From where the next provider has to read, when our caches have reached `position`. What we have not read yet, it
   * must; undefined while what we were left is not known either.
   */
  nextSince(position: string | undefined): string | undefined {
    return this.#isKnown ? position : this.#since?.position;
  }

  /**
   * Reads it, however often that fails: the lists without which no pod is made come from the same servers. Ends without
   * it only where the lower API server will not tell: it has forgotten (after five minutes), or refuses. Never rejects.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { since, onError, retry = usualRetry } = this.#options;
    for (let failures = 1; !signal.aborted && !this.#isKnown; failures += 1) {
      try {
        // Asked once: what we write there ourselves is of our own caches, and hides what was before them.
        this.#since ??= { position: await since() };
        const { position } = this.#since;
        if (position !== undefined) await this.#read(position, signal);
        this.#isKnown = !signal.aborted;
      } catch (error) {
        if (signal.aborted) return;
        onError(`what became of pods in between: ${describeError(error)}`);
        this.#isKnown = this.#since !== undefined && hasCode(error, ...forGood);
        if (!this.#isKnown) await sleep(backoffDelay(retry, failures), undefined, { signal }).catch(() => {});
      }
    }
  }

  async #read(since: string, signal: AbortSignal): Promise<void> {
    const began = performance.now();
    const stream = await this.#options.lower.watch(pods, {
      labelSelector: `${virtualPodLabel}=true`,
      resourceVersion: since,
      timeoutSeconds: watchSeconds,
      signal,
    });
    try {
      for await (const line of lines(stream)) {
        const head = headOf(line);
        if (head && !head.isDeleted) continue;
        const event = JSON.parse(line) as Line;
        if (event.type === 'DELETED') this.#options.onGone(event.object);
        if (event.type === 'ERROR') throw errorOfWatch(event.object);
        if (event.type === 'BOOKMARK') return;
      }
    } finally {
      stream.destroy();
    }
    // An API server that shuts down, and a proxy, end it in good order too.
    if (performance.now() - began < fullTime) throw new KubeError('ServerError', 'the watch ended too early');
  }
}
