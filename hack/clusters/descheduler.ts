import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { packageFolder } from '../../src/cli/package-folder.ts';
import { localClustersFile } from './multischeduler.ts';
import type { LocalClusters } from './open.ts';
import { isAlive, readRecords } from './process.ts';

const name = 'descheduler';

/** Quicker than anybody would have it who does not want to watch. */
const policy = {
  apiVersion: 'descheduler/v1alpha1',
  kind: 'DeschedulerPolicy',
  strategies: {
    LowerUnschedulable: { params: { unschedulableSeconds: 5 } },
    Fragmentation: { params: { pendingSeconds: 10 } },
  },
};

/** Starts the descheduler of `isthmus up`, unless one runs; the file that names its clusters must be there. */
export async function startLocalDescheduler({ directory, upper, run }: LocalClusters): Promise<void> {
  const record = readRecords(directory).get(name);
  if (record && isAlive(record)) return;
  const policyFile = join(directory, 'descheduler-policy.yaml');
  writeFileSync(policyFile, stringify(policy));
  const flags = ['--clusters', localClustersFile(directory), '--policy-config-file', policyFile];
  const isthmus = join(packageFolder(), 'bin', 'isthmus');
  await run(name, [
    ...[process.execPath, isthmus, name, '--kubeconfig', upper.deschedulerKubeconfig],
    ...[...flags, '--descheduling-interval=5', '--metrics-addr='],
  ]);
}
