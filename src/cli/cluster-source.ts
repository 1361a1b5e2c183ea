import { hostname } from 'node:os';
import { ClusterFile } from '../clusters/file.ts';
import { ClusterSecrets } from '../clusters/secrets.ts';
import type { ClusterSource } from '../clusters/source.ts';
import type { Client } from '../kube/client.ts';
import { describeError } from '../kube/errors.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import type { Logger } from '../kube/logger.ts';
import { lowerClusterOf } from './flags-cluster.ts';
import type { ProviderFlags } from './provider-flags.ts';

/** Where flags may say that many lower clusters are named. */
export interface ManyClustersFlags {
  readonly clusters: string | undefined;
  readonly 'cluster-secrets': string | undefined;
}

/** Whether what is wrong with the Secret of a cluster is told as an event, or in the log alone. */
export type TellMistakes = 'events' | 'log';

/** The source of many lower clusters, if the flags name one. */
export function manyClusters(
  flags: ManyClustersFlags,
  upper: Client,
  logger: Logger,
  tell: TellMistakes = 'events',
): ClusterSource | undefined {
  if (flags.clusters) return new ClusterFile({ path: flags.clusters, logger });
  if (flags['cluster-secrets']) {
    const events = new EventRecorder(upper, {
      component: 'isthmus',
      host: hostname(),
      onError: (error) => logger.warn({ message: describeError(error) }, 'an event was not written'),
    });
    const recorder = tell === 'events' ? events : { record: () => true };
    return new ClusterSecrets({ upper, namespace: flags['cluster-secrets'], recorder, logger });
  }
  return undefined;
}

/** Where the flags say that lower clusters are named. @throws KubeError `Configuration` */
export function clusterSource(flags: ProviderFlags, upper: Client, logger: Logger): ClusterSource {
  const many = manyClusters(flags, upper, logger);
  if (many) return many;
  const cluster = lowerClusterOf(flags, process.env);
  return {
    async run(onChange, signal) {
      onChange(new Map([[cluster.configuration.name, cluster]]));
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
  };
}
