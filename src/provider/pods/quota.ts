import type { Cache } from '../../kube/cache.ts';
import { formatQuantity, formOf } from '../../kube/quantity.ts';
import type { Pod } from '../../kube/types.ts';
import { podRequests } from '../../scheduling/pod-requests.ts';
import { addTo, type Resources } from '../../scheduling/resource-list.ts';
import { isFinished } from '../../translate/pod-status.ts';
import type { Refusal } from '../../translate/refusal.ts';

/** A resource of which a pod asks more than is left, in billionths of its unit. */
export interface Lack {
  readonly resource: string;
  readonly requested: bigint;
  readonly used: bigint;
  readonly limit: bigint;
}

/**
 * Holds the pods below to what the virtual node may use (`--capacity`), as a kubelet holds those on it to its
 * allocatable. A pod counts from the moment it is admitted, so that many at once do not take the same room.
 */
export class Quota {
  readonly #limit: Resources;
  /** What each pod takes, by namespace/name; of both kinds, in the cache and on their way there. */
  readonly #taken = new Map<string, Resources>();
  readonly #used = new Map<string, bigint>();

  /** @param isOurs which pods below count */
  constructor(
    limit: Resources,
    lowerPods: Pick<Cache<Pod>, 'entries' | 'subscribe'>,
    isOurs: (pod: Pod) => boolean,
  ) {
    this.#limit = limit;
    if (limit.size === 0) return;
    lowerPods.subscribe((event) => {
      const { type, key, object } = event;
      if (!isOurs(object)) {
        // Somebody took our marks: what it takes is nothing of ours any more, and its end would not be told us.
        if (event.type === 'updated' && isOurs(event.old)) this.release(key);
        return;
      }
      if (type === 'deleted' || isFinished(object)) this.release(key);
      else this.#set(key, podRequests(object));
    });
    for (const [key, pod] of lowerPods.entries())
      if (isOurs(pod) && !isFinished(pod)) this.#set(key, podRequests(pod));
  }

  /** Sets room aside for a pod that is about to be made or to grow, or says what it lacks. */
  admit(key: string, pod: Pod): Lack | undefined {
    if (this.#limit.size === 0) return undefined;
    const taken = this.#taken.get(key);
    const requests = podRequests(pod);
    for (const [resource, limit] of this.#limit) {
      const requested = requests.get(resource) ?? 0n;
      const has = taken?.get(resource) ?? 0n;
      const used = (this.#used.get(resource) ?? 0n) - has;
      if (requested > has && used + requested > limit) return { resource, requested, used, limit };
    }
    this.#set(key, requests);
    return undefined;
  }

  /** Gives back the room of a pod that is not there, or not to be made. */
  release(key: string): void {
    const taken = this.#taken.get(key);
    if (!taken) return;
    this.#taken.delete(key);
    for (const [resource, amount] of taken)
      this.#used.set(resource, (this.#used.get(resource) ?? 0n) - amount);
  }

  /** Counts for a pod what it has below: it did not grow. */
  correct(key: string, lower: Pod): void {
    if (this.#taken.has(key)) this.#set(key, podRequests(lower));
  }

  #set(key: string, requests: Resources): void {
    this.release(key);
    this.#taken.set(key, requests);
    addTo(this.#used, requests);
  }
}

/** The kubelet's own reason (InsufficientResourceError in pkg/kubelet/lifecycle), with our amounts. */
export function outOf({ resource, requested, used, limit }: Lack): Refusal {
  const amount = (value: bigint) => formatQuantity(value, formOf(resource));
  const message =
    `the virtual node has not enough ${resource}: requested ${amount(requested)}, ` +
    `used ${amount(used)}, of ${amount(limit)}`;
  return { reason: `OutOf${resource}`, message };
}
