import type { Pod, PodSpec } from '../../kube/types.ts';
import { clusterSelectorOf } from '../cluster-selector.ts';
import { isVirtual } from '../marks.ts';
import { isEqual } from '../merge-patch.ts';
import { clusterSelectorAnnotation, descheduledLabel, webhookAnnotation, webhookDone } from '../names.ts';
import { addToSelector } from './add-to-selector.ts';
import { splitSpec, withNodeSelector } from './split-spec.ts';
import { tolerationsAbove, tolerationsBelow } from './tolerations.ts';
import { hostnameLabel, type NodeKeys } from './whose-node.ts';

/** What the mutation must know besides the pod. */
export interface MutationContext extends NodeKeys {
  /** Key of the taint of virtual nodes. */
  readonly taintKey: string;
  /** The node that was selected for a claim in the pod's namespace (`volume.kubernetes.io/selected-node`). */
  selectedNode(claim: string): string | undefined;
}

/** A pod that is to be made as it is here, or why it must not be made. */
export type Mutated = { pod: Pod } | { refusal: string };

/** Whether a new pod in a namespace is one that the webhook changes. */
export function isMutated(pod: Pod, namespace: string): boolean {
  const { labels, annotations } = pod.metadata ?? {};
  return (
    isVirtual(pod) &&
    namespace !== 'kube-system' &&
    labels?.[descheduledLabel] !== 'true' &&
    annotations?.[webhookAnnotation] !== 'false'
  );
}

/**
 * A virtual pod with what it asks of lower nodes in its `clusterSelector`, so that the upper scheduler sees only what
 * it asks of virtual nodes. Whoever writes the annotation himself has divided them himself: then only tolerations
 * are added. Doing it again changes nothing.
 */
export function mutatePod(pod: Pod, context: MutationContext): Mutated {
  const selector = clusterSelectorOf(pod);
  if (!selector)
    return { refusal: 'the annotation clusterSelector is no JSON of nodeSelector, affinity and tolerations' };
  const { nodeName } = pod.spec ?? {};
  const isElsewhere = nodeName && !context.isVirtualNode(nodeName);
  if (!pod.spec || isElsewhere) return { pod };
  const annotations = pod.metadata?.annotations ?? {};
  const isFirstPass = annotations[webhookAnnotation] !== webhookDone;
  const isDivided = isFirstPass && annotations[clusterSelectorAnnotation] !== undefined;
  if (isDivided) return { pod: { ...pod, spec: onVirtualNode(pod.spec, context) } };

  const split = splitSpec(pod.spec, context);
  if (!split) return { refusal: inseparable };
  const tolerations = tolerationsBelow(pod.spec.tolerations ?? [], selector.tolerations ?? [], {
    taintKey: context.taintKey,
    isFirstPass,
  });
  const moved = addToSelector(selector, { ...split.below, tolerations });
  if (typeof moved === 'string') return { refusal: moved };
  const isNews = !isEqual(moved as never, present(selector) as never);
  const metadata = {
    ...pod.metadata,
    annotations: {
      ...annotations,
      ...(isNews ? { [clusterSelectorAnnotation]: JSON.stringify(moved) } : {}),
      [webhookAnnotation]: webhookDone,
    },
  };
  return { pod: { ...pod, metadata, spec: onVirtualNode(split.spec, context) } };
}

const inseparable =
  'the alternatives of the required node affinity ask different virtual nodes for different lower nodes, which ' +
  'cannot be carried down: use one alternative, or ask the same of virtual nodes in each';

/** What a pod needs to be placed on a virtual node: tolerations, and the node that its claim was given to. */
function onVirtualNode(spec: PodSpec, context: MutationContext): PodSpec {
  const tolerations = tolerationsAbove(spec.tolerations ?? [], context.taintKey);
  const node = spec.nodeName ? undefined : nodeOfClaims(spec, context);
  const isFree = node !== undefined && spec.nodeSelector?.[hostnameLabel] === undefined;
  const placed = isFree ? withNodeSelector(spec, { ...spec.nodeSelector, [hostnameLabel]: node }) : spec;
  return { ...placed, tolerations };
}

/** The virtual node of the first claim that has one. A node that is gone is no place to wait for. */
function nodeOfClaims(spec: PodSpec, context: MutationContext): string | undefined {
  for (const { persistentVolumeClaim } of spec.volumes ?? []) {
    // As Go reads it, null is no claim.
    const node = persistentVolumeClaim ? context.selectedNode(persistentVolumeClaim.claimName) : undefined;
    if (node !== undefined && context.isVirtualNode(node)) return node;
  }
  return undefined;
}

/** Without the keys that say nothing. */
function present(selector: object): object {
  return Object.fromEntries(Object.entries(selector).filter(([, value]) => value !== null));
}
