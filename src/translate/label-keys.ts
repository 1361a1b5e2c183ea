import type { PodSpec } from '../kube/types.ts';

type Spread = NonNullable<PodSpec['topologySpreadConstraints']>[number];
type Affinity = NonNullable<PodSpec['affinity']>;
type PodAffinity = NonNullable<Affinity['podAffinity']>;
type Term = NonNullable<PodAffinity['requiredDuringSchedulingIgnoredDuringExecution']>[number];
type Expression = NonNullable<NonNullable<Term['labelSelector']>['matchExpressions']>[number];

/**
 * The spec without what the upper API server merged into label selectors for `matchLabelKeys` and
 * `mismatchLabelKeys` (pkg/registry/core/pod, applyLabelKeysToLabelSelector). The lower API server merges the
 * keys again, and then refuses the pod: a key "exists in both matchLabelKeys and labelSelector".
 */
export function withoutMergedKeys(spec: PodSpec): PodSpec {
  const { affinity, topologySpreadConstraints } = spec;
  const result = { ...spec };
  if (topologySpreadConstraints) result.topologySpreadConstraints = topologySpreadConstraints.map(unmerged);
  if (affinity?.podAffinity || affinity?.podAntiAffinity) {
    result.affinity = { ...affinity };
    if (affinity.podAffinity) result.affinity.podAffinity = unmergedTerms(affinity.podAffinity);
    if (affinity.podAntiAffinity) result.affinity.podAntiAffinity = unmergedTerms(affinity.podAntiAffinity);
  }
  return result;
}

function unmergedTerms(affinity: PodAffinity): PodAffinity {
  const {
    requiredDuringSchedulingIgnoredDuringExecution: required,
    preferredDuringSchedulingIgnoredDuringExecution: preferred,
  } = affinity;
  const result = { ...affinity };
  if (required) result.requiredDuringSchedulingIgnoredDuringExecution = required.map(unmerged);
  if (preferred) {
    result.preferredDuringSchedulingIgnoredDuringExecution = preferred.map((weighted) => ({
      ...weighted,
      podAffinityTerm: unmerged(weighted.podAffinityTerm),
    }));
  }
  return result;
}

function unmerged<T extends Spread | Term>(term: T): T {
  if (!term.labelSelector?.matchExpressions) return term;
  const { matchExpressions, ...selector } = term.labelSelector;
  const expressions = [...matchExpressions];
  for (const key of term.matchLabelKeys ?? []) removeLast(expressions, key, 'In');
  const mismatched = 'mismatchLabelKeys' in term ? term.mismatchLabelKeys : undefined;
  for (const key of mismatched ?? []) removeLast(expressions, key, 'NotIn');
  if (expressions.length === matchExpressions.length) return term;
  const left = expressions.length > 0 ? { matchExpressions: expressions } : {};
  return { ...term, labelSelector: { ...selector, ...left } };
}

/** Merged expressions come after the user's own and have the one value that the pod's label had. */
function removeLast(expressions: Expression[], key: string, operator: string): void {
  const index = expressions.findLastIndex(
    (expression) =>
      expression.key === key && expression.operator === operator && expression.values?.length === 1,
  );
  if (index >= 0) expressions.splice(index, 1);
}
