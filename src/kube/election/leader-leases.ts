import type { Cache } from '../cache.ts';
import type { Client } from '../client.ts';
import { hasCode } from '../errors.ts';
import { findObject } from '../find-object.ts';
import { leases } from '../resources.ts';
import type { Lease } from '../types.ts';
import { type Group, isOfLeader, leaderLease, leaderOf, leaseName } from './leases.ts';

export interface LeaderLeasesOptions {
  readonly client: Client;
  readonly group: Group;
  /** The Leases of the group, as a watch brings them. */
  readonly leases: Cache<Lease>;
  /** Milliseconds that a call may take: who waits for an answer looks at nothing else. */
  readonly timeout: number;
  readonly now: () => Date;
}

/** The Leases that say who leads what. */
export class LeaderLeases {
  readonly #options: LeaderLeasesOptions;

  constructor(options: LeaderLeasesOptions) {
    this.#options = options;
  }

  get(name: string): Lease | undefined {
    const { group, leases: cache } = this.#options;
    return cache.get(`${group.namespace}/${leaseName(group, 'leader', name)}`);
  }

  /** The replica that leads a name; empty when nobody does. */
  leaderOf(name: string): string {
    return leaderOf(this.get(name));
  }

  /** Those that are about other names than these. */
  beside(names: Iterable<string>): Lease[] {
    const { group, leases: cache } = this.#options;
    const wanted = new Set([...names].map((name) => leaseName(group, 'leader', name)));
    return [...cache.values()].filter(
      (lease) => isOfLeader(lease) && !wanted.has(lease.metadata?.name ?? ''),
    );
  }

  /** Writes who leads; false when somebody else wrote first. @throws KubeError */
  async write(name: string, leader: string, before = this.get(name)): Promise<boolean> {
    const { client, group, leases: cache, now, timeout } = this.#options;
    const lease = leaderLease(group, name, leader, now(), before);
    const call = { urgent: true, timeout };
    try {
      cache.apply(
        before ? await client.replace(leases, lease, call) : await client.create(leases, lease, call),
      );
      return true;
    } catch (error) {
      if (!hasCode(error, 'Conflict', 'AlreadyExists', 'NotFound')) throw error;
      await this.#readAgain(name, before);
      return false;
    }
  }

  /** Only as we saw it. @throws KubeError */
  async remove(lease: Lease): Promise<void> {
    const { client, leases: cache, timeout } = this.#options;
    const { namespace, name = '', uid = '', resourceVersion } = lease.metadata ?? {};
    const call = { uid, resourceVersion, urgent: true, timeout };
    try {
      await client.delete(leases, { namespace, name }, call);
    } catch (error) {
      if (hasCode(error, 'Conflict')) return;
      if (!hasCode(error, 'NotFound')) throw error;
    }
    cache.remove(lease);
  }

  /** What we know is old, and the watch that should have told us may be dead. */
  async #readAgain(name: string, before: Lease | undefined): Promise<void> {
    const { client, group, leases: cache, timeout } = this.#options;
    const where = { namespace: group.namespace, name: leaseName(group, 'leader', name) };
    const now = await findObject(client, leases, where, { urgent: true, timeout });
    if (now) cache.apply(now);
    else if (before) cache.remove(before);
  }
}
