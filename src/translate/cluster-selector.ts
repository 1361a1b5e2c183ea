import type { KubeObject, PodSpec, Toleration } from '../kube/types.ts';
import { clusterSelectorAnnotation } from './names.ts';
import { isSelectorShaped, withoutNulls } from './selector-shape.ts';

type Affinity = NonNullable<PodSpec['affinity']>;

/** Scheduling fields meant for the nodes of the lower cluster. */
export interface ClusterSelector {
  nodeSelector?: Record<string, string>;
  affinity?: Affinity;
  tolerations?: Toleration[];
}

/** The pod's `clusterSelector`; empty when it has none, undefined when it cannot be read. */
export function clusterSelectorOf(pod: KubeObject): ClusterSelector | undefined {
  const text = pod.metadata?.annotations?.[clusterSelectorAnnotation];
  if (text === undefined || text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    // As Go reads it, for annotations written for tensile-kube: null is the empty value of every type.
    if (value === null) return {};
    return isSelectorShaped(value) ? (withoutNulls(value) as ClusterSelector) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The spec with the scheduling fields of the lower cluster. The node selector, tolerations and required node
 * affinity of the upper spec speak of virtual nodes and stay above; preferred node affinity and pod affinity
 * go down, unless the selector has its own.
 */
export function withClusterSelector(spec: PodSpec, selector: ClusterSelector): PodSpec {
  const { nodeSelector: _selector, tolerations: _tolerations, affinity, ...rest } = spec;
  const lower: PodSpec = { ...rest };
  if (selector.nodeSelector && hasEntries(selector.nodeSelector)) lower.nodeSelector = selector.nodeSelector;
  if (selector.tolerations?.length) lower.tolerations = selector.tolerations;
  const merged = lowerAffinity(affinity, selector.affinity);
  if (hasEntries(merged)) lower.affinity = merged;
  return lower;
}

function lowerAffinity(upper: Affinity | undefined, selected: Affinity | undefined): Affinity {
  const { nodeAffinity, ...others } = upper ?? {};
  const { requiredDuringSchedulingIgnoredDuringExecution: _required, ...preferred } = nodeAffinity ?? {};
  const node = { ...present(preferred), ...present(selected?.nodeAffinity) };
  const merged: Affinity = { ...present(others), ...present(selected) };
  delete merged.nodeAffinity;
  return hasEntries(node) ? { ...merged, nodeAffinity: node } : merged;
}

/** What is there of an object: a null in the selector must not take away what the pod has. */
function present<T extends object>(value: T | undefined): Partial<T> {
  const entries = Object.entries(value ?? {}).filter(([, entry]) => entry !== null);
  return Object.fromEntries(entries) as Partial<T>;
}

function hasEntries(value: object): boolean {
  return Object.keys(value).length > 0;
}
