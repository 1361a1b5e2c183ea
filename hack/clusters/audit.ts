import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';

/** The files of an API server's audit log. */
export interface AuditFiles {
  readonly policy: string;
  /** One JSON object (audit.k8s.io/v1 Event) a line, a second or so after the fact. */
  readonly log: string;
}

/** Where the audit log of a cluster is; a cluster that was started without one has no such files. */
export function auditFiles(clusterFolder: string): AuditFiles {
  return {
    policy: join(clusterFolder, 'audit', 'policy.yaml'),
    log: join(clusterFolder, 'audit', 'log.jsonl'),
  };
}

/** What is meant to change something. */
export const writingVerbs: readonly string[] = ['create', 'update', 'patch', 'delete', 'deletecollection'];

/** Who wrote what and when, and what programs of ours read: no contents. */
const policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'Metadata', verbs: writingVerbs },
    { level: 'Metadata', verbs: ['get', 'list'], userGroups: ['system:serviceaccounts:isthmus-system'] },
    { level: 'None' },
  ],
};

/** Writes the policy and returns the flags with which an API server follows it. */
export function auditArguments(clusterFolder: string): string[] {
  const files = auditFiles(clusterFolder);
  mkdirSync(dirname(files.policy), { recursive: true });
  writeFileSync(files.policy, stringify(policy));
  return [
    `--audit-policy-file=${files.policy}`,
    `--audit-log-path=${files.log}`,
    // In batches, so that no request waits for the disk.
    '--audit-log-mode=batch',
    '--audit-log-batch-max-wait=500ms',
  ];
}
