import { readFileSync } from 'node:fs';
import { writingVerbs } from '../hack/clusters/audit.ts';
import type { LocalCluster } from '../hack/clusters/open.ts';

/** One write that an API server has answered; the part of audit.k8s.io/v1 Event that tests read. */
export interface AuditedWrite {
  readonly verb: string;
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  /** RFC 3339, by the API server's clock, which is this machine's. */
  readonly requestReceivedTimestamp: string;
}

/** What programs of ours wrote to a cluster at or after some time (milliseconds since the epoch), in order. */
export function ourWrites(cluster: LocalCluster, since = 0): AuditedWrite[] {
  if (!cluster.auditLogFile) throw new Error(`cluster ${cluster.name} was started without an audit log`);
  return (
    readFileSync(cluster.auditLogFile, 'utf8')
      .split('\n')
      // Most of a log is of kwok and the scheduler: to parse that would take seconds.
      .filter((line) => line.includes('"userAgent":"isthmus"'))
      .map((line): AuditedWrite => JSON.parse(line))
      .filter(({ verb }) => writingVerbs.includes(verb))
      .filter((write) => Date.parse(write.requestReceivedTimestamp) >= since)
  );
}

/** A write in one line, for a person who reads why a test failed. */
export function describeWrite({ verb, objectRef = {}, requestReceivedTimestamp }: AuditedWrite): string {
  const { resource, subresource, namespace, name } = objectRef;
  const what = [resource, subresource].filter(Boolean).join('/');
  return `${requestReceivedTimestamp} ${verb} ${what} ${[namespace, name].filter(Boolean).join('/')}`;
}
