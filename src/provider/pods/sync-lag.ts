import type { Cache, CacheEvent } from '../../kube/cache.ts';
import type { Pod } from '../../kube/types.ts';
import type { Direction, NodeMetrics, Waiting } from '../../metrics/node-metrics.ts';
import { isOurs, isVirtual, type Owner, upperUidOf } from '../../translate/marks.ts';
import { isFinished } from '../../translate/pod-status.ts';
import { newsPause } from './news-pause.ts';

export interface SyncLagOptions {
  owner: Owner;
  /** Whether a key below is one that is reconciled at all (`--namespace`). */
  isServed: (key: string) => boolean;
  /** Told of each pod or status that arrived, in milliseconds. */
  metrics: Pick<NodeMetrics, 'lag'> | undefined;
  now?: () => number;
}

type PodSource = Pick<Cache<Pod>, 'get' | 'subscribe'>;

/**
 * How long pods take to go down and their status to come up. A pod counts from when the watch brings it until its
 * lower pod is seen; a status from when the watch brings it until it is written above. What nobody could carry (a
 * refused pod, a change that makes no difference above) does not count. Each event costs a look into a map.
 */
export class SyncLag {
  readonly #options: SyncLagOptions;
  readonly #now: () => number;
  /** By uid of the upper pod. */
  readonly #down = new Map<string, number>();
  /** By key of the pod: what no reconcile has taken up yet. */
  readonly #changed = new Map<string, number>();
  /** By key of the pod: what a reconcile is bringing up. */
  readonly #carried = new Map<string, number>();

  constructor(options: SyncLagOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Begins to look. What the caches hold by then is from before us, and does not count. */
  watch(upperPods: PodSource, lowerPods: PodSource): void {
    upperPods.subscribe((event) => this.#above(event, lowerPods));
    lowerPods.subscribe((event) => this.#below(event));
  }

  /** A pod that is not made below for a reason of its own: a missing ConfigMap, a policy, a name that is taken. */
  refused(upper: Pod): void {
    this.#down.delete(upper.metadata?.uid ?? '');
  }

  /** A reconcile of the pod begins: it brings up what the caches show now. */
  carry(key: string): void {
    const since = this.#changed.get(key);
    if (since === undefined) return;
    this.#changed.delete(key);
    // Of an attempt that failed: it is older.
    if (!this.#carried.has(key)) this.#carried.set(key, since);
  }

  /** The status above was written. */
  written(key: string): void {
    this.#arrived('up', this.#carried, key);
  }

  /** The status could not be written over somebody else's; the next reconcile does it. */
  conflicted(key: string): void {
    const since = this.#carried.get(key);
    if (since === undefined) return;
    this.#carried.delete(key);
    this.#changed.set(key, since);
  }

  /** The reconcile ended well: what it carried and did not write made no difference above. */
  settled(key: string): void {
    this.#carried.delete(key);
  }

  waiting(direction: Direction): Waiting {
    const maps = direction === 'down' ? [this.#down] : [this.#carried, this.#changed];
    let since = Number.POSITIVE_INFINITY;
    // All are looked at: after a conflict one comes back behind those that came later.
    for (const map of maps) for (const began of map.values()) since = Math.min(since, began);
    return {
      pods: maps.reduce((sum, { size }) => sum + size, 0),
      oldest: Number.isFinite(since) ? this.#now() - since : 0,
    };
  }

  #above({ type, key, object }: CacheEvent<Pod>, lowerPods: PodSource): void {
    const { uid = '', deletionTimestamp } = object.metadata ?? {};
    if (type === 'deleted' || deletionTimestamp || isFinished(object)) this.#down.delete(uid);
    else if (type === 'added' && isVirtual(object) && !hasCopy(lowerPods.get(key), uid))
      this.#down.set(uid, this.#now());
  }

  #below({ type, key, object }: CacheEvent<Pod>): void {
    const { owner, isServed } = this.#options;
    if (!isServed(key) || !isOurs(object, owner)) return;
    if (type === 'deleted') {
      this.#changed.delete(key);
      this.#carried.delete(key);
      return;
    }
    if (type === 'added') this.#arrived('down', this.#down, upperUidOf(object) ?? '');
    // What may wait for more is not late.
    if (newsPause(object) === 0 && !this.#changed.has(key)) this.#changed.set(key, this.#now());
  }

  #arrived(direction: Direction, since: Map<string, number>, key: string): void {
    const began = since.get(key);
    if (began === undefined) return;
    since.delete(key);
    this.#options.metrics?.lag(direction, this.#now() - began);
  }
}

function hasCopy(lower: Pod | undefined, upperUid: string): boolean {
  return lower !== undefined && upperUidOf(lower) === upperUid;
}
