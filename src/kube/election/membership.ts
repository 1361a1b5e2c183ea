import type { Cache } from '../cache.ts';
import type { Client } from '../client.ts';
import { hasCode, KubeError } from '../errors.ts';
import { findObject } from '../find-object.ts';
import { keyOf, leases } from '../resources.ts';
import type { Lease } from '../types.ts';
import { type Group, leaseName, memberLease, memberOf, sharesOf } from './leases.ts';

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

/** What a dead replica has left behind is removed after so many durations. */
const mourning = 6;

/**
 * The living replicas of a group. Each renews one Lease, however many names it leads. Whether another lives is
 * told by our own clock, from when we last saw its Lease change: the clocks of machines need not agree.
 */
export class Membership {
  readonly #options: MembershipOptions;
  /** By key of the Lease, when its last change was seen, in milliseconds of the monotonic clock. */
  readonly #seen = new Map<string, number>();
  /** What happened before we did not see. */
  readonly #began = performance.now();
  #own: Lease | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
    options.leases.subscribe(({ key, object }) => {
      // Whoever leaves gives up its names first: a Lease that somebody deletes is a sign of life as any other change.
      if (memberOf(object) !== undefined) this.#seen.set(key, performance.now());
    });
  }

  /**
   * Gives our sign of life.
   *
   * @param shares what we share, as `hashOfNames`; empty when we leave
   * @throws KubeError `Gone` when ours was taken away since the last: others may have taken us for dead
   */
  async renew(shares: string): Promise<void> {
    const { client, group, identity, leases: cache, duration, timeout, now } = this.#options;
    const call = { urgent: true, timeout };
    const lease = memberLease(group, identity, shares, duration / 1_000, now());
    const { resourceVersion } = this.#own?.metadata ?? {};
    try {
      this.#own = resourceVersion
        ? await client.replace(leases, { ...lease, metadata: { ...lease.metadata, resourceVersion } }, call)
        : await client.create(leases, lease, call);
      cache.apply(this.#own);
    } catch (error) {
      // Somebody edited it, or our last attempt did arrive.
      if (hasCode(error, 'Conflict', 'AlreadyExists')) this.#own = await this.#find(identity);
      if (!hasCode(error, 'NotFound') || !resourceVersion) throw error;
      this.#own = undefined;
      throw new KubeError('Gone', 'our Lease was taken away', { cause: error });
    }
  }

  /** The other replicas that count as living, and what each shares: nothing, for one that leaves. */
  living(): Map<string, string> {
    const { leases: cache, identity } = this.#options;
    const found = new Map<string, string>();
    for (const [key, lease] of cache.entries()) {
      const member = memberOf(lease);
      if (member !== undefined && member !== identity && this.#isFresh(key))
        found.set(member, sharesOf(lease));
    }
    return found;
  }

  /**
   * Whether a replica is dead for certain: silent for the whole duration, and the API server, asked now, has no
   * newer sign of life than the one we saw. A watch that lags does not make others dead, and neither does who deletes
   * a Lease, be it before we began.
   *
   * @throws KubeError
   */
  async isDead(identity: string): Promise<boolean> {
    const { leases: cache, group, duration } = this.#options;
    const key = `${group.namespace}/${leaseName(group, 'member', identity)}`;
    if (performance.now() - (this.#seen.get(key) ?? this.#began) < duration) return false;
    const known = cache.get(key);
    const now = await this.#find(identity);
    if (known?.metadata?.resourceVersion === now?.metadata?.resourceVersion) return true;
    if (now) cache.apply(now);
    else if (known) cache.remove(known);
    return false;
  }

  /** Takes our sign of life away: whoever waits need not wait for its end. Never rejects. */
  async leave(): Promise<void> {
    const own = this.#own;
    this.#own = undefined;
    if (own) await this.#delete(own);
  }

  /** Removes what replicas have left behind that died long ago. @throws KubeError */
  async sweep(): Promise<void> {
    const { leases: cache, duration, identity } = this.#options;
    for (const [key, seen] of this.#seen)
      if (!cache.get(key) && performance.now() - seen > duration) this.#seen.delete(key);
    for (const lease of [...cache.values()]) {
      const member = memberOf(lease);
      const seen = this.#seen.get(keyOf(lease));
      if (member === undefined || member === identity || seen === undefined) continue;
      if (performance.now() - seen > mourning * duration && (await this.isDead(member)))
        await this.#delete(lease);
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

  /** Only as we saw it: a replica that gave a sign meanwhile keeps it. */
  async #delete({ metadata }: Lease): Promise<void> {
    const { client, timeout } = this.#options;
    const { namespace, name = '', uid = '', resourceVersion } = metadata ?? {};
    const call = { uid, resourceVersion, urgent: true, timeout };
    await client.delete(leases, { namespace, name }, call).catch(() => {});
  }
}
