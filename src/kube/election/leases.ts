import { metaMicroTime } from '../meta-time.ts';
import type { Lease } from '../types.ts';

/** The label of every Lease of an election; its value is the group of replicas. */
export const electionLabel = 'isthmus.io/election';

/** Tells the two kinds of Lease apart: the sign of life of a replica, and who leads a name. */
const roleLabel = 'isthmus.io/election-role';

export interface Group {
  readonly namespace: string;
  readonly name: string;
}

/** What a replica renews for as long as it lives. @param seconds how long it counts without being renewed */
export function memberLease(group: Group, identity: string, seconds: number, now: Date): Lease {
  return {
    metadata: metadata(group, 'member', identity),
    spec: { holderIdentity: identity, leaseDurationSeconds: seconds, renewTime: metaMicroTime(now) },
  };
}

/**
 * Says who leads a name; written only when that changes. It counts for as long as the leader's own Lease does.
 *
 * @param leader empty when nobody does
 */
export function leaderLease(
  group: Group,
  name: string,
  leader: string,
  now: Date,
  before: Lease | undefined,
): Lease {
  const transitions = before?.spec?.leaseTransitions ?? 0;
  const isTakenOver = leader !== '' && before !== undefined;
  const { resourceVersion } = before?.metadata ?? {};
  return {
    metadata: { ...metadata(group, 'leader', name), ...(resourceVersion ? { resourceVersion } : {}) },
    spec: {
      holderIdentity: leader,
      leaseTransitions: isTakenOver ? transitions + 1 : transitions,
      ...(leader === '' ? {} : { acquireTime: metaMicroTime(now) }),
    },
  };
}

/** The replica whose sign of life a Lease is. */
export function memberOf(lease: Lease): string | undefined {
  return lease.metadata?.labels?.[roleLabel] === 'member' ? lease.spec?.holderIdentity : undefined;
}

/** The replica that leads by this Lease; empty when nobody does. */
export function leaderOf(lease: Lease | undefined): string {
  return lease?.metadata?.labels?.[roleLabel] === 'leader' ? (lease.spec?.holderIdentity ?? '') : '';
}

/** The name of a Lease, by its role and whom or what it is about. */
export function leaseName({ name: group }: Group, role: 'member' | 'leader', about: string): string {
  return `isthmus-${group}-${role}-${about}`;
}

function metadata(group: Group, role: 'member' | 'leader', about: string) {
  return {
    name: leaseName(group, role, about),
    namespace: group.namespace,
    labels: { [electionLabel]: group.name, [roleLabel]: role },
  };
}
