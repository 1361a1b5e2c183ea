import type { InferredOptionTypes, Options } from 'yargs';

/** Flags by which the programs that look at all lower clusters are told of them. */
export const lowerClustersFlags = {
  clusters: {
    type: 'string',
    describe: 'file that names the lower clusters, the same as of the provider; followed as it changes',
  },
  'cluster-secrets': {
    type: 'string',
    describe: 'namespace above with a Secret for each lower cluster, as isthmus join makes them',
  },
  config: {
    type: 'string',
    describe:
      "file with tensile-kube's cluster_configuration map, by clusterID: a KubeSchedulerConfiguration or the map alone",
  },
} as const satisfies Record<string, Options>;

export type LowerClustersFlags = InferredOptionTypes<typeof lowerClustersFlags>;

/** How many places name lower clusters. */
export function sourcesIn(flags: LowerClustersFlags): number {
  return [flags.clusters, flags['cluster-secrets'], flags.config].filter(Boolean).length;
}

/** What is said where it is not one. */
export const notOneSource = 'give one of --clusters, --cluster-secrets and --config, for the lower clusters';
