import type { KubeconfigSource } from '../kube/connection.ts';
import type { Refusable } from '../translate/policy.ts';
import type { ServiceAccountMode } from '../translate/service-account.ts';
import type { ServiceSettings } from '../translate/services/settings.ts';
import type { ClassMap } from '../translate/storage/class-map.ts';

/** What there is to know of a lower cluster but how to reach it; every default is filled in. */
export interface ClusterConfiguration {
  /** What messages and metrics call the cluster. */
  readonly name: string;
  /** The virtual node above. */
  readonly nodeName: string;
  /** Labels of the virtual node beside those of region, zone and provider. */
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined leaves it to the lower nodes, where all agree. */
  readonly region: string | undefined;
  readonly zone: string | undefined;
  /** Of the cloud. */
  readonly provider: string | undefined;
  readonly taint: ClusterTaint | undefined;
  /** Offers only the lower nodes that it selects, and only they get pods; undefined offers all. */
  readonly nodeSelector: string | undefined;
  /** The most that is offered of each resource, in the API server's own form. */
  readonly capacity: Readonly<Record<string, string>>;
  /** The upper namespace to serve; undefined serves all. */
  readonly namespace: string | undefined;
  /** Undefined leaves the choice to the process. */
  readonly kubeletPort: number | undefined;
  readonly serviceAccountMode: ServiceAccountMode;
  /** host:port at which containers reach the upper API server; undefined means as we do. */
  readonly upperApiAddress: string | undefined;
  readonly ignoreLabels: readonly string[];
  readonly refuse: readonly Refusable[];
  /** The lower storage class for an upper one; null is the lower default class. */
  readonly storageClasses: ClassMap;
  readonly services: ServiceSettings;
  /** Requests a second to the lower API server, and at once. */
  readonly qps: number;
  readonly burst: number;
}

/** What keeps other pods from the virtual node. */
export interface ClusterTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** A lower cluster that is to be joined. */
export interface LowerCluster {
  readonly configuration: ClusterConfiguration;
  readonly kubeconfig: KubeconfigSource;
}
