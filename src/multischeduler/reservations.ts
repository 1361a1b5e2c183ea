import type { PicturedCluster } from '../clusters/feed/lower-pictures.ts';
import type { PersistentVolumeClaim, Pod } from '../kube/types.ts';

/** A cluster that let a pod pass, and the pod as it would be there. */
export interface Place {
  readonly cluster: PicturedCluster;
  readonly pod: Pod;
  /** Those that will be made with it. */
  readonly claims?: readonly PersistentVolumeClaim[];
}

interface Reservation {
  readonly until: number;
  readonly places: readonly (Place & { isHeld: boolean })[];
}

/**
 * Pods that were let pass and whose binding is not seen yet. kube-scheduler takes the next pod as soon as it has
 * chosen, and writes the binding beside; which node it chose, it does not say. So until then such a pod counts in
 * every cluster that let it pass.
 */
export class Reservations {
  readonly #life: number;
  readonly #now: () => number;
  /** By `namespace/name`; the oldest first. */
  readonly #reservations = new Map<string, Reservation>();

  /** @param life milliseconds for which a pod counts that is neither bound nor asked for again */
  constructor(life: number, now: () => number = () => performance.now()) {
    this.#life = life;
    this.#now = now;
  }

  /** How many pods count now. */
  get size(): number {
    return this.#reservations.size;
  }

  /** The pod was let pass in these places. */
  begin(key: string, places: readonly Place[]): void {
    this.end(key);
    if (places.length === 0) return;
    const until = this.#now() + this.#life;
    this.#reservations.set(key, { until, places: places.map((place) => ({ ...place, isHeld: false })) });
  }

  /** The pod is bound, is gone, or is asked for again. */
  end(key: string): void {
    const reservation = this.#reservations.get(key);
    if (!reservation) return;
    this.#reservations.delete(key);
    for (const { cluster, isHeld } of reservation.places)
      if (isHeld) cluster.feed.picture.release(heldKey(key, cluster));
  }

  /** Ends what has counted for its life, and says of which pods. To be called before every question. */
  expire(): string[] {
    const now = this.#now();
    const expired: string[] = [];
    for (const [key, { until }] of this.#reservations) {
      if (until > now) break;
      this.end(key);
      expired.push(key);
    }
    return expired;
  }

  /**
   * Makes the picture of a cluster show every pod that counts there. Only now, for a cluster that is not asked about
   * need not be told.
   */
  settle({ feed }: PicturedCluster): void {
    for (const [key, { places }] of this.#reservations) {
      for (const place of places) {
        if (place.isHeld || place.cluster.feed !== feed) continue;
        feed.picture.hold(heldKey(key, place.cluster), place.pod, place.claims);
        place.isHeld = true;
      }
    }
  }
}

/** Another for each part of a cluster; never that of a pod, which may be promised room under its own. */
function heldKey(key: string, { configuration }: PicturedCluster): string {
  return `${key}@${configuration.name}`;
}
