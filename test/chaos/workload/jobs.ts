import type { PodSpec } from '../../../src/kube/types.ts';
import { podSpec } from '../../manifests.ts';
import type { ChaosWorld, Member } from '../world.ts';
import { leaving } from './deployments.ts';
import { jobs } from './resources.ts';
import type { Stream } from './stream.ts';

const completions = 3;
/** Pods that have finished stay so many seconds, so that some are there when something restarts. */
const kept = 30;

/**
 * Indexed Jobs, one after the other, on all virtual nodes; pods of every other one leave a lost node. On the real
 * kubelet each index appends a line to a file of its Job, so that whatever completes twice is seen even when no API
 * server saw it. `Failed`: a pod that may still run is not replaced, so no index has a reason to complete twice.
 */
export function jobsOf({ above, members, namespace, random, notes }: ChaosWorld): Stream {
  let made = 0;
  return {
    name: 'jobs',
    every: 3_000,
    async step() {
      made += 1;
      const name = `job-${made}`;
      const leaves = random.next() < 0.5;
      const template = templateOf(random.pick(members), name, notes);
      const labels = { app: name, 'virtual-pod': 'true' };
      await above.create(jobs, {
        metadata: { namespace, name },
        spec: {
          ...{
            completions,
            parallelism: completions,
            completionMode: 'Indexed',
            podReplacementPolicy: 'Failed',
          },
          ...{ backoffLimit: 30, ttlSecondsAfterFinished: kept },
          template: leaves
            ? {
                metadata: { labels, annotations: leaving.annotations },
                spec: { ...template, tolerations: leaving.tolerations },
              }
            : { metadata: { labels }, spec: template },
        },
      } as object);
    },
  };
}

function templateOf({ node, hasKubelet }: Member, name: string, notes: string): PodSpec {
  const options = { restartPolicy: 'Never', terminationGracePeriodSeconds: 5 } as const;
  if (!hasKubelet) return podSpec(node, options);
  return podSpec(node, {
    ...options,
    script: `sleep 2; echo "$JOB_COMPLETION_INDEX $HOSTNAME" >>/notes/${name}`,
    volumes: [{ name: 'notes', hostPath: { path: notes, type: 'Directory' } }],
    container: { volumeMounts: [{ name: 'notes', mountPath: '/notes' }] },
  });
}
