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
}

type Line =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: Pod }
  | { readonly type: 'ERROR'; readonly object: Status };

/**
 * The API server sends a bookmark two seconds before a watch is over (cacher's nextBookmarkTime): by then it has sent all
 * that had been.
 */
const watchSeconds = 3;
/** Some milliseconds less, for the clock of the API server. */
const wholeWatch = watchSeconds * 1_000 - 200;
const retry: Backoff = { first: 100, most: 2_000 };

/**
 * What happened to lower pods while no provider looked. One that was made just before the last provider died, and went
 * before this one began, is neither below nor noted above: only the API server's own history tells that it was there.
 */
export class LowerHistory {
  readonly #options: LowerHistoryOptions;
  /** What the last provider left: read once, for the Lease that has it is rewritten by this one. */
  #left: { readonly since: string | undefined } | undefined;
  #published: string | undefined;
  #isKnown = false;

  constructor(options: LowerHistoryOptions) {
    this.#options = options;
  }

  /** Whether no more can be learnt of it: until then a pod without a lower one may have had one. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Whether it is known from where on to read. Before, nobody may write over it. */
  get isBegun(): boolean {
    return this.#left !== undefined;
  }

  /**
   * From where on whoever serves the node next is to read, told whenever the Lease is renewed. One renewal behind: what is
   * known is noted above a moment later, and to read more costs nothing. As long as this history is not known, the next
   * must read all of it again.
   *
   * @param position how far the lower pods are known now
   */
  publish(position: string | undefined): string | undefined {
    if (!this.#isKnown) return this.#left?.since;
    const published = this.#published ?? this.#left?.since;
    this.#published = position;
    return published;
  }

  /**
   * Reads it, however long that takes; never rejects. What the API server has forgotten, five minutes ago, or does not let
   * us see, nobody learns.
   */
  async run(signal: AbortSignal): Promise<void> {
    let told = '';
    for (let failures = 0; !signal.aborted; ) {
      try {
        this.#left ??= { since: await this.#options.since() };
        if (this.#left.since !== undefined) await this.#read(this.#left.since, signal);
        break;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        const message = `what became of pods in between: ${describeError(error)}`;
        if (message !== told) this.#options.onError(message);
        told = message;
        if (hasCode(error, 'Gone', 'BadRequest', 'Forbidden')) break;
        await sleep(backoffDelay(retry, failures), undefined, { signal }).catch(() => {});
      }
    }
    this.#isKnown = !signal.aborted;
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
      if (performance.now() - began < wholeWatch)
        throw new KubeError('Unreachable', 'the API server ended the watch before it had told all');
    } finally {
      stream.destroy();
    }
  }
}
