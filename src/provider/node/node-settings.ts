import type { ClusterConfiguration } from '../../clusters/lower-cluster.ts';
import { cloudProviderLabel } from '../../translate/names.ts';
import type { VirtualNodeSettings } from '../../translate/virtual-node.ts';

export type NodeAddress = VirtualNodeSettings['addresses'][number];

/** What the operator configured about a virtual node, as it is written above. */
export function virtualNodeSettings(
  configuration: ClusterConfiguration,
  shared: { addresses: readonly NodeAddress[]; kubeletPort: number },
  lowerCluster: string,
): VirtualNodeSettings {
  const { nodeName, region, zone, provider, taint, kubeletPort } = configuration;
  return {
    name: nodeName,
    cluster: configuration.name,
    labels: {
      ...(region === undefined ? {} : { 'topology.kubernetes.io/region': region }),
      ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }),
      ...(provider === undefined ? {} : { [cloudProviderLabel]: provider }),
      ...configuration.labels,
    },
    taint,
    addresses: [...shared.addresses, { type: 'Hostname', address: nodeName }],
    kubeletPort: kubeletPort ?? shared.kubeletPort,
    lowerCluster,
  };
}
