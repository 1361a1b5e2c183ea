import type { Node } from '../../kube/types.ts';
import { lowerClusterAnnotation } from '../../translate/names.ts';
import type { PicturedCluster } from '../feed/lower-pictures.ts';

/** How a virtual node is told which lower cluster it stands for. */
export type NodesBy = 'nodeName' | 'clusterID';

/** The lower cluster behind a virtual node, or why nothing can be said of it. */
export type Found = { readonly cluster: PicturedCluster } | Refusal;

export interface Refusal {
  /** To stand behind a number of virtual nodes, as kube-scheduler counts reasons. */
  readonly refusal: string;
  /** The same of this one. */
  readonly why: string;
  /** Whether it will end by itself, with nothing changing above when it does. */
  readonly isPassing: boolean;
}

export interface VirtualNodesOptions {
  readonly nodesBy: NodesBy;
  /** A virtual node above, if there is one of the name. */
  readonly nodeOf: (name: string) => Node | undefined;
}

/** tensile-kube's label with the operator's name for the cluster. */
export const clusterIdLabel = 'clusterID';

/** Whether a virtual node may stand for another lower cluster than it did before. */
export function standsForAnother(before: Node | undefined, now: Node): boolean {
  return !before || marksOf(before).some((mark, index) => mark !== marksOf(now)[index]);
}

function marksOf({ metadata }: Node): (string | undefined)[] {
  return [metadata?.labels?.[clusterIdLabel], metadata?.annotations?.[lowerClusterAnnotation]];
}

/** Knows which lower cluster stands behind which virtual node. */
export class VirtualNodes {
  readonly #options: VirtualNodesOptions;
  #byName: ReadonlyMap<string, PicturedCluster> = new Map();

  constructor(options: VirtualNodesOptions) {
    this.#options = options;
  }

  /** These are the clusters from now on, by name. */
  setClusters(clusters: ReadonlyMap<string, PicturedCluster>): void {
    this.#byName =
      this.#options.nodesBy === 'clusterID'
        ? clusters
        : new Map([...clusters.values()].map((cluster) => [cluster.configuration.nodeName, cluster]));
  }

  /** The cluster behind a node, whether or not it can be believed now. */
  clusterOf(nodeName: string): PicturedCluster | undefined {
    if (this.#options.nodesBy === 'nodeName') return this.#byName.get(nodeName);
    const id = this.#options.nodeOf(nodeName)?.metadata?.labels?.[clusterIdLabel];
    return id === undefined ? undefined : this.#byName.get(id);
  }

  /** What is behind a node; undefined when the node is not virtual. */
  find(nodeName: string): Found | undefined {
    const node = this.#options.nodeOf(nodeName);
    const cluster = this.clusterOf(nodeName);
    if (!cluster) return node && unconfigured;
    const { feed } = cluster;
    const why = feed.staleness;
    if (why)
      return {
        refusal: `virtual node(s) whose lower cluster is not known now: ${why}`,
        why,
        isPassing: true,
      };
    const uid = node?.metadata?.annotations?.[lowerClusterAnnotation];
    return uid === undefined || uid === feed.uid ? { cluster } : another;
  }
}

const unconfigured: Refusal = {
  refusal: 'virtual node(s) whose lower cluster is not configured',
  why: 'its lower cluster is not configured',
  isPassing: false,
};
const another: Refusal = {
  refusal: 'virtual node(s) that stand for another lower cluster than the configuration says',
  why: 'it stands for another lower cluster than the configuration says',
  isPassing: false,
};
