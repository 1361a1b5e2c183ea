import { deepest, hasShape, isMap, isShallow, type Shape } from './shape.ts';

const texts: Shape = { listOf: 'text' };
const textMap: Shape = { mapOf: 'text' };
const requirements: Shape = {
  listOf: { fields: { key: 'text', operator: 'text', values: texts }, needs: ['key', 'operator'] },
};
const nodeTerm: Shape = { fields: { matchExpressions: requirements, matchFields: requirements } };
/** A label selector (metav1.LabelSelector). */
export const labelSelector: Shape = { fields: { matchLabels: textMap, matchExpressions: requirements } };
const podTerm: Shape = {
  fields: {
    labelSelector,
    namespaceSelector: labelSelector,
    namespaces: texts,
    topologyKey: 'text',
    matchLabelKeys: texts,
    mismatchLabelKeys: texts,
  },
  needs: ['topologyKey'],
};
const weightedPods: Shape = {
  listOf: {
    fields: { weight: 'number', podAffinityTerm: podTerm },
    needs: ['weight', 'podAffinityTerm'],
  },
};
/** Affinity to other pods, or from them. */
export const podAffinity: Shape = {
  fields: {
    requiredDuringSchedulingIgnoredDuringExecution: { listOf: podTerm },
    preferredDuringSchedulingIgnoredDuringExecution: weightedPods,
  },
};
/** Affinity to nodes. */
export const nodeAffinity: Shape = {
  fields: {
    requiredDuringSchedulingIgnoredDuringExecution: { fields: { nodeSelectorTerms: { listOf: nodeTerm } } },
    preferredDuringSchedulingIgnoredDuringExecution: {
      listOf: { fields: { weight: 'number', preference: nodeTerm }, needs: ['weight', 'preference'] },
    },
  },
};

/** Tolerations of taints. */
export const tolerations: Shape = {
  listOf: {
    fields: { key: 'text', operator: 'text', value: 'text', effect: 'text', tolerationSeconds: 'number' },
  },
};

/** The scheduling fields of a pod that a `clusterSelector` may have (core/v1 Affinity, Toleration). */
const selector: Shape = {
  fields: {
    nodeSelector: textMap,
    affinity: { fields: { nodeAffinity, podAffinity, podAntiAffinity: podAffinity } },
    tolerations,
  },
};

/**
 * Whether a value has the shape of a `clusterSelector`, in depth: it is read by programs that look after everybody, and
 * stands in an annotation that anybody writes. As Go reads it, null is the empty value of a field; fields that are not
 * known here may hold anything.
 */
export function isSelectorShaped(value: unknown): boolean {
  return isShallow(value, deepest) && hasShape(value, selector);
}

/** The same value, a field that is null left out wherever its empty value is meant. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isMap(value)) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutNulls(entry)]));
}
