import type { LabelRequirement } from '../kube/selector.ts';
import type { Pod } from '../kube/types.ts';
import { type LabelSelector, type Labels, nothing, readSelector, type Selector } from './label-selector.ts';

type Affinity = NonNullable<NonNullable<Pod['spec']>['affinity']>;
type PodAffinityTerm = NonNullable<
  NonNullable<Affinity['podAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']
>[number];

/** A `v1.PodAffinityTerm` that is ready to be asked. */
export interface AffinityTerm {
  readonly topologyKey: string;
  /** Namespaces that it names. */
  readonly namespaces: readonly string[];
  /** Namespaces that it selects beside those; an empty selector means all. */
  readonly namespaceSelector: Selector;
  readonly selector: Selector;
  /** Equal for terms that mean the same. */
  readonly identity: string;
}

/** A term that a pod prefers, with its weight; negative for anti-affinity. */
export interface WeightedTerm {
  readonly term: AffinityTerm;
  readonly weight: number;
}

/**
 * Reads a term of a pod. Without namespaces it means the pod's own. `matchLabelKeys` and `mismatchLabelKeys` become
 * conditions, as the API server writes them into the selector when it stores a pod.
 */
export function readTerm(term: PodAffinityTerm, namespace: string, labels: Labels): AffinityTerm {
  const { labelSelector, namespaceSelector, topologyKey } = term;
  const named = term.namespaces ?? [];
  const namespaces = named.length === 0 && !namespaceSelector ? [namespace] : [...named].sort();
  const more = [
    ...keyConditions(term.matchLabelKeys, 'In', labels),
    ...keyConditions(term.mismatchLabelKeys, 'NotIn', labels),
  ];
  return {
    topologyKey,
    namespaces,
    namespaceSelector: namespaceSelector ? readSelector(namespaceSelector as LabelSelector) : nothing,
    selector: readSelector(labelSelector as LabelSelector | undefined, more),
    identity: JSON.stringify([
      topologyKey,
      namespaces,
      namespaceSelector ?? null,
      labelSelector ?? null,
      more,
    ]),
  };
}

/** The conditions that label keys stand for: the pod's own values; keys that it does not have mean nothing. */
export function keyConditions(
  keys: readonly string[] | undefined,
  operator: 'In' | 'NotIn',
  labels: Labels,
): LabelRequirement[] {
  return (keys ?? []).flatMap((key) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });
}

/**
 * Whether the selector of a term that the pod has which is to be placed means every namespace. kube-scheduler compares
 * that selector with no labels, too, so one that only excludes labels does (interpodaffinity/plugin.go of 1.35:
 * mergeAffinityTermNamespacesIfNotEmpty empties the selector of a copy).
 */
export function meansEveryNamespace({ namespaceSelector }: AffinityTerm): boolean {
  return namespaceSelector.matches({});
}

/** Whether a term that a pod has which is to be placed means one of such a namespace and such labels. */
export function meansPod(
  term: AffinityTerm,
  { namespace, labels }: { readonly namespace: string; readonly labels: Labels },
  labelsOf: (namespace: string) => Labels,
): boolean {
  const isSpokenOf = meansEveryNamespace(term) || speaksOf(term, namespace, labelsOf(namespace));
  return isSpokenOf && term.selector.matches(labels);
}

/** Whether a term speaks of pods of a namespace with these labels of its own. */
export function speaksOf(term: AffinityTerm, namespace: string, namespaceLabels: Labels): boolean {
  return term.namespaces.includes(namespace) || term.namespaceSelector.matches(namespaceLabels);
}
