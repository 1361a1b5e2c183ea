import type { Cache } from '../cache.ts';
import type { Client } from '../client.ts';
import { hasCode } from '../errors.ts';
import { findObject } from '../find-object.ts';
import { keyOf, leases } from '../resources.ts';
import type { Lease } from '../types.ts';
import { type Group, leaseName, memberLease, memberOf } from './leases.ts';

export interface MembershipOptions {
  readonly client: Client;
  readonly group: Group;
  readonly identity: string;
  /** The Leases of the group, as a watch brings them. */
  readonly leases: Cache<Lease>;
  /** Milliseconds without a sign of life after which a replica counts as dead. */
  readonly duration: number;
  /** Milliseconds that a call may take: a connection that died in a partition must not hold up the next. */
  readonly timeout: number;
  readonly now: () => Date;
}

/**
 * The living replicas of a group. Each renews one Lease, however many names it leads. Whether another lives is
 * told by our own clock, from when we last saw its Lease change: the clocks of machines need not agree.
 */
export class Membership {
  readonly #options: MembershipOptions;
  /** By key of the Lease, when its last change was seen, in milliseconds of the monotonic clock. */
  readonly #seen = new Map<string, number>();
  #own: Lease | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
    options.leases.subscribe(({ type, key, object }) => {
      if (memberOf(object) === undefined) return;
      if (type === 'deleted') this.#seen.delete(key);
      else this.#seen.set(key, performance.now());
    });
  }

  /** Gives our sign of life. @throws KubeError */
  async renew(): Promise<void> {
    const { client, group, identity, duration, timeout, now } = this.#options;
    const call = { urgent: true, timeout };
    const lease = memberLease(group, identity, duration / 1_000, now());
    const { resourceVersion } = this.#own?.metadata ?? {};
    try {
      this.#own = resourceVersion
        ? await client.replace(leases, { ...lease, metadata: { ...lease.metadata, resourceVersion } }, call)
        : await client.create(leases, lease, call);
    } catch (error) {
      // Somebody deleted or edited it, or our last attempt did arrive.
      if (hasCode(error, 'NotFound')) this.#own = undefined;
      if (hasCode(error, 'Conflict', 'AlreadyExists')) this.#own = await this.#find(identity);
      throw error;
    }
  }

  /** The replicas that count as living, ours among them. */
  living(): Set<string> {
    const { leases: cache, identity } = this.#options;
    const found = new Set([identity]);
    for (const [key, lease] of cache.entries()) {
      const member = memberOf(lease);
      if (member !== undefined && this.#isFresh(key)) found.add(member);
    }
    return found;
  }

  /**
   * Whether a replica is dead for certain: silent for the whole duration, and the API server, asked now, has no
   * newer sign of life than the one we saw. A watch that lags does not make others dead.
   *
   * @throws KubeError
   */
  async isDead(identity: string): Promise<boolean> {
    const { leases: cache, group } = this.#options;
    const key = `${group.namespace}/${leaseName(group, 'member', identity)}`;
    if (this.#isFresh(key)) return false;
    const now = await this.#find(identity);
    if (!now) return true;
    const known = cache.get(key)?.metadata?.resourceVersion;
    if (known === now.metadata?.resourceVersion) return true;
    cache.apply(now);
    return false;
  }

  /** Takes our sign of life away: whoever waits need not wait for its end. Never rejects. */
  async leave(): Promise<void> {
    if (this.#own) await this.#delete(this.#own);
    this.#own = undefined;
  }

  /** Removes what replicas have left behind that died long ago. */
  async sweep(): Promise<void> {
    const { leases: cache, duration } = this.#options;
    for (const lease of [...cache.values()]) {
      const seen = this.#seen.get(keyOf(lease));
      if (memberOf(lease) === undefined || seen === undefined) continue;
      if (performance.now() - seen > 6 * duration) await this.#delete(lease);
    }
  }

  #isFresh(key: string): boolean {
    const seen = this.#seen.get(key);
    return seen !== undefined && performance.now() - seen < this.#options.duration;
  }

  #find(identity: string): Promise<Lease | undefined> {
    const { client, group, timeout } = this.#options;
    const where = { namespace: group.namespace, name: leaseName(group, 'member', identity) };
    return findObject(client, leases, where, { urgent: true, timeout });
  }

  async #delete({ metadata }: Lease): Promise<void> {
    const { namespace, name = '', uid = '' } = metadata ?? {};
    await this.#options.client.delete(leases, { namespace, name }, { uid }).catch(() => {});
  }
}
