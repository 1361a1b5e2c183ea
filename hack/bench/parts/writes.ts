import { readFileSync } from 'node:fs';
import type { LocalCluster } from '../../clusters/open.ts';

/** The accounts of deploy/rbac, as which every contender works. */
const account = '"username":"system:serviceaccount:isthmus-system:';

/** How many writes contenders made in a time (milliseconds since the epoch), by verb and resource; no leases. */
export function writesOf(cluster: LocalCluster, since: number, until: number): Map<string, number> {
  const writes = new Map<string, number>();
  if (!cluster.auditLogFile) throw new Error(`cluster ${cluster.name} was started without an audit log`);
  for (const line of readFileSync(cluster.auditLogFile, 'utf8').split('\n')) {
    if (!line.includes(account)) continue;
    const { verb, objectRef = {}, requestReceivedTimestamp } = JSON.parse(line);
    const at = Date.parse(requestReceivedTimestamp);
    const { resource, subresource } = objectRef;
    if (at < since || at > until || resource === 'leases') continue;
    const what = `${verb} ${[resource, subresource].filter(Boolean).join('/')}`;
    writes.set(what, (writes.get(what) ?? 0) + 1);
  }
  return writes;
}
