import type { LabelRequirement } from '../kube/selector.ts';
import type { PodSpec } from '../kube/types.ts';

/**
 * The spec for the nodes that a virtual node offers and no others: each term of the required node affinity asks
 * for them too, for terms are alternatives (NodeSelector in k8s.io/api/core/v1).
 */
export function withNodeRequirements(spec: PodSpec, requirements: readonly LabelRequirement[]): PodSpec {
  if (requirements.length === 0) return spec;
  const own = requirements.map(({ key, operator, values }) => ({ key, operator, ...(values && { values }) }));
  const { nodeAffinity } = spec.affinity ?? {};
  const terms = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const nodeSelectorTerms = terms?.map((term) => withExpressions(term, own)) ?? [{ matchExpressions: own }];
  return {
    ...spec,
    affinity: {
      ...spec.affinity,
      nodeAffinity: {
        ...nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
      },
    },
  };
}

type Term = NonNullable<
  NonNullable<
    NonNullable<PodSpec['affinity']>['nodeAffinity']
  >['requiredDuringSchedulingIgnoredDuringExecution']
>['nodeSelectorTerms'][number];

/** An empty term matches no node, and must not begin to. */
function withExpressions(term: Term, more: NonNullable<Term['matchExpressions']>): Term {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length + matchFields.length === 0) return term;
  return { ...term, matchExpressions: [...matchExpressions, ...more] };
}
