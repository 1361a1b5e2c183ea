import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { timingOf } from '../kube/election/timing.ts';
import type { FleetOptions } from '../provider/fleet/fleet.ts';
import { leaseDurationOf } from './lease-duration.ts';
import type { ProviderFlags } from './provider-flags.ts';

const ownNamespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

type LeaderFlags = Pick<
  ProviderFlags,
  'leader-elect' | 'leader-elect-lease-duration' | 'leader-elect-resource-namespace'
>;

/** How replicas agree on who leads what; undefined when the flags do not ask for it. @throws KubeError `Configuration` */
export function electionSettings(
  flags: LeaderFlags & Pick<ProviderFlags, 'clusters' | 'cluster-secrets' | 'nodename'>,
): FleetOptions['election'] {
  return electionOf(flags, groupOf(flags));
}

/** The same for replicas of a group. @throws KubeError `Configuration` */
export function electionOf(flags: LeaderFlags, name: string): FleetOptions['election'] {
  if (!flags['leader-elect']) return undefined;
  const namespace = flags['leader-elect-resource-namespace'] || ownNamespace();
  return {
    group: { namespace, name },
    identity: identityOf(hostname()),
    timing: timingOf(leaseDurationOf(flags)),
  };
}

/** Replicas with another source of clusters do other work: they are no replicas of ours. */
function groupOf({ clusters, nodename, ...flags }: Parameters<typeof electionSettings>[0]): string {
  if (clusters) return 'provider-file';
  if (flags['cluster-secrets']) return 'provider';
  return `provider-${createHash('sha256').update(nodename).digest('hex').slice(0, 8)}`;
}

function ownNamespace(): string {
  return existsSync(ownNamespaceFile) ? readFileSync(ownNamespaceFile, 'utf8').trim() : 'isthmus-system';
}

/** Another for each process, also on one machine and after a restart; part of a Lease's name. */
function identityOf(host: string): string {
  const readable = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63);
  return `${readable || 'host'}-${randomBytes(4).toString('hex')}`;
}
