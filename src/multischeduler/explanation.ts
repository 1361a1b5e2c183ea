import type { LowerFeed } from '../clusters/feed/lower-feed.ts';
import type { PicturedCluster } from '../clusters/feed/lower-pictures.ts';
import type { ClaimsBelow } from '../clusters/placement/claims-below.ts';
import type { PodsBelow } from '../clusters/placement/pod-below.ts';
import type { VirtualNodes } from '../clusters/placement/virtual-nodes.ts';
import { keyOf } from '../kube/resources.ts';
import type { Node, Pod } from '../kube/types.ts';
import { type Explanation, explain } from '../scheduling/fit.ts';
import { Picture } from '../scheduling/picture.ts';
import { clusterSelectorOf } from '../translate/cluster-selector.ts';

/** What stands in a pod's way at one virtual node, or does not. */
interface NodeExplanation {
  readonly name: string;
  /** Why the upper scheduler would pass it by, in its own words, or nobody would carry the pod down from it. */
  readonly above: readonly string[];
  /** How the nodes of the lower cluster take the pod, or why that is not known. */
  readonly below: Explanation | { readonly unknown: string };
}

/** Why a pod is where it is, or nowhere. */
export interface PodExplanation {
  readonly nodes: readonly NodeExplanation[];
  /** Its copy below, if the pod is bound to a virtual node and the copy is there. */
  readonly copy: ReturnType<LowerFeed['lowerPod']>;
}

export interface ExplainOptions {
  readonly virtualNodes: VirtualNodes;
  readonly podsBelow: PodsBelow;
  readonly claimsBelow: ClaimsBelow;
  /** The virtual nodes, and the upper pods on them. */
  readonly above: readonly { readonly node: Node; readonly pods: readonly Pod[] }[];
}

/** Looks at every virtual node, above and below. The pod itself does not stand in its own way. */
export function explainPod(
  pod: Pod,
  { virtualNodes, podsBelow, claimsBelow, above }: ExplainOptions,
): PodExplanation {
  const cluster = pod.spec?.nodeName ? virtualNodes.clusterOf(pod.spec.nodeName) : undefined;
  const below = podsBelow.of(pod);
  const claimNode = claimsBelow.nodeOf(pod);
  const claimsElsewhere = (name: string) =>
    claimNode === undefined || claimNode === name ? [] : [`a claim of the pod is on node ${claimNode}`];
  const explainBelow = ({ feed: { picture }, configuration }: PicturedCluster) =>
    explain(picture, below(configuration), claimsBelow.of(pod, configuration, picture));
  const nodes = above.map(({ node, pods }): NodeExplanation => {
    const name = node.metadata?.name ?? '';
    const found = virtualNodes.find(name);
    return {
      name,
      above: [
        ...reasonsAbove(pod, node, pods),
        ...claimsElsewhere(name),
        ...reasonsBetween(pod, virtualNodes.clusterOf(name)),
      ],
      below:
        !found || 'refusal' in found
          ? { unknown: found?.why ?? 'it is no virtual node' }
          : explainBelow(found.cluster),
    };
  });
  const copy = cluster?.feed.lowerPod(keyOf(pod));
  return { nodes, copy: copy?.upperUid === pod.metadata?.uid ? copy : undefined };
}

/** What keeps a pod from being carried down there, whatever fits. */
function reasonsBetween(pod: Pod, cluster: PicturedCluster | undefined): string[] {
  const namespace = cluster?.configuration.namespace;
  const isServed = namespace === undefined || namespace === pod.metadata?.namespace;
  return [
    ...(isServed ? [] : [`the virtual node serves only namespace ${namespace}`]),
    ...(clusterSelectorOf(pod) ? [] : ['the annotation clusterSelector of the pod cannot be read']),
  ];
}

/** The upper scheduler's own filters; what speaks of several nodes (spread, affinity) is seen from this one alone. */
function reasonsAbove(pod: Pod, node: Node, pods: readonly Pod[]): string[] {
  const picture = new Picture();
  picture.applyNode(node);
  for (const other of pods) if (other.metadata?.uid !== pod.metadata?.uid) picture.applyPod(other);
  // Claims are asked about below: their volumes above are as large as one likes.
  const { nodeName: _bound, volumes: _volumes, ...spec } = pod.spec ?? { containers: [] };
  const { ownReason, reasons } = explain(picture, { ...pod, spec });
  return ownReason === undefined ? [...reasons.keys()] : [ownReason];
}
