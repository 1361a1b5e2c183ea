import { clusterMapFile } from '../clusters/cluster-map.ts';
import type { NodesBy } from '../clusters/placement/virtual-nodes.ts';
import type { ClusterSource } from '../clusters/source.ts';
import type { Client } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import { manyClusters, type TellMistakes } from './cluster-source.ts';
import type { LowerClustersFlags } from './lower-clusters-flags.ts';

/** Which lower clusters there are, and how their virtual nodes are known. @throws KubeError `Configuration` */
export function lowerClusters(
  flags: LowerClustersFlags,
  upper: Client,
  logger: Logger,
  tell?: TellMistakes,
): { source: ClusterSource; nodesBy: NodesBy } {
  const { clusters, 'cluster-secrets': secrets, config } = flags;
  if (config) return { source: clusterMapFile(config), nodesBy: 'clusterID' };
  const source = manyClusters({ clusters, 'cluster-secrets': secrets }, upper, logger, tell);
  if (!source) throw new KubeError('Configuration', 'nothing names the lower clusters');
  return { source, nodesBy: 'nodeName' };
}
