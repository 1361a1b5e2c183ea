import { createHash } from 'node:crypto';
import { metaMicroTime } from '../meta-time.ts';
import type { Lease } from '../types.ts';

/** The label of every Lease of an election; its value is the group of replicas. */
export const electionLabel = 'isthmus.io/election';

/** Tells the two kinds of Lease apart: the sign of life of a replica, and who leads a name. */
const roleLabel = 'isthmus.io/election-role';

/** Annotation of a sign of life: a hash of the names that the replica is to share; empty when it leaves. */
const sharesAnnotation = 'isthmus.io/election-shares';

export interface Group {
  readonly namespace: string;
  readonly name: string;
}

/**
 * What a replica renews for as long as it lives.
 *
 * @param shares as {@link hashOfNames}; empty when it takes nothing any more
 * @param seconds how long it counts without being renewed
 */
export function memberLease(
  group: Group,
  identity: string,
  shares: string,
  seconds: number,
  now: Date,
): Lease {
  return {
    metadata: { ...metadata(group, 'member', identity), annotations: { [sharesAnnotation]: shares } },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.round(seconds)),
      renewTime: metaMicroTime(now),
    },
  };
}

/** Stands for a set of names: replicas with the same one share them. */
export function hashOfNames(names: ReadonlySet<string>): string {
  return createHash('sha256')
    .update([...names].sort().join('\n'))
    .digest('hex')
    .slice(0, 16);
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

/** What the replica of a sign of life shares. */
export function sharesOf(lease: Lease): string {
  return lease.metadata?.annotations?.[sharesAnnotation] ?? '';
}

/** The replica that leads by this Lease; empty when nobody does. */
export function leaderOf(lease: Lease | undefined): string {
  return lease && isOfLeader(lease) ? (lease.spec?.holderIdentity ?? '') : '';
}

/** Whether a Lease says who leads a name. */
export function isOfLeader(lease: Lease): boolean {
  return lease.metadata?.labels?.[roleLabel] === 'leader';
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
