import { readFileSync } from 'node:fs';
import { writingVerbs } from '../../clusters/audit.ts';
import type { LocalCluster } from '../../clusters/open.ts';

/** The accounts of deploy/rbac, as which every contender works. */
const account = '"username":"system:serviceaccount:isthmus-system:';

/** How many calls contenders made in a time (milliseconds since the epoch), by verb and resource; no leases, no watches. */
export function callsOf(cluster: LocalCluster, since: number, until: number): Map<string, number> {
  const calls = new Map<string, number>();
  if (!cluster.auditLogFile) throw new Error(`cluster ${cluster.name} was started without an audit log`);
  for (const line of readFileSync(cluster.auditLogFile, 'utf8').split('\n')) {
    if (!line.includes(account)) continue;
    const { verb, objectRef = {}, requestReceivedTimestamp } = JSON.parse(line);
    const at = Date.parse(requestReceivedTimestamp);
    const { resource, subresource } = objectRef;
    // What asks no resource, such as a probe, is none of a pod's either.
    if (at < since || at > until || resource === undefined || resource === 'leases') continue;
    const what = `${verb} ${[resource, subresource].filter(Boolean).join('/')}`;
    calls.set(what, (calls.get(what) ?? 0) + 1);
  }
  return calls;
}

/** Whether it is a write, of what `callsOf` tells. */
export function isWrite(what: string): boolean {
  return writingVerbs.some((verb) => what.startsWith(`${verb} `));
}
