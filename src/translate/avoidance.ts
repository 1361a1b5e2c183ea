import type { Pod, PodSpec } from '../kube/types.ts';
import { isKeptFrom, keepFrom } from './name-avoidance.ts';
import { avoidsAnnotation } from './names.ts';

/** Virtual nodes that a pod must not go to again, and until when (milliseconds since the epoch). */
export type Avoidance = ReadonlyMap<string, number>;

type NodeAffinity = NonNullable<NonNullable<PodSpec['affinity']>['nodeAffinity']>;
type Term = NonNullable<
  NodeAffinity['requiredDuringSchedulingIgnoredDuringExecution']
>['nodeSelectorTerms'][number];

/** A pod whose terms are so many is not kept away: it would become many times as large. */
const mostConditions = 10_000;

/**
 * The pod with a required node affinity that keeps it from some nodes, and an annotation that says until when that is
 * meant: a scheduler knows no time, so whoever is kept away for longer must be made again. A pod that matches no node,
 * or has terms without end, stays as it is.
 */
export function withAvoidance(pod: Pod, avoidance: Avoidance): Pod {
  const terms = requiredTerms(pod) ?? [{}];
  const added = [...avoidance].filter(([node]) => !terms.every((term) => isKeptFrom(term, node)));
  if (added.length === 0) return pod;
  const names = added.map(([node]) => node);
  const kept = requiredTerms(pod) === undefined ? terms : terms.filter((term) => !asksNothing(term));
  if (kept.length === 0 || kept.length * added.length > mostConditions) return pod;
  const next = kept.map((term) => ({
    ...term,
    matchFields: [...(term.matchFields ?? []), ...keepFrom(names.filter((node) => !isKeptFrom(term, node)))],
  }));
  const until = { ...Object.fromEntries(avoidanceOf(pod)), ...Object.fromEntries(added) };
  return withAnnotation(withTerms(pod, next), until);
}

/** The pod without what {@link withAvoidance} did to it. */
export function withoutAvoidance(pod: Pod): Pod {
  const avoided = avoidanceOf(pod);
  const terms = requiredTerms(pod);
  if (avoided.size === 0) return pod;
  const isOurs = (field: NonNullable<Term['matchFields']>[number]) => {
    const [name = '', ...others] = field.values ?? [];
    return others.length === 0 && avoided.has(name) && isKeptFrom({ matchFields: [field] }, name);
  };
  const next = terms?.map(({ matchFields = [], ...term }) => {
    const left = matchFields.filter((field) => !isOurs(field));
    return left.length > 0 ? { ...term, matchFields: left } : term;
  });
  // A term that asks for nothing was ours alone: nobody else can have one that matches anything.
  const others = next?.some(asksNothing) ? undefined : next;
  return withAnnotation(withTerms(pod, others), {});
}

/** From which nodes a pod is kept, by its annotation. Whatever somebody else wrote there says nothing. */
export function avoidanceOf({ metadata }: Pod): Avoidance {
  try {
    const said: unknown = JSON.parse(metadata?.annotations?.[avoidsAnnotation] ?? '{}');
    if (typeof said !== 'object' || said === null) return new Map();
    const entries = Object.entries(said).map(([node, until]) => [node, Date.parse(String(until))] as const);
    return new Map(entries.filter(([, until]) => !Number.isNaN(until)));
  } catch {
    return new Map();
  }
}

function requiredTerms({ spec }: Pod): readonly Term[] | undefined {
  return spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

/** Such a term matches no node (k8s.io/component-helpers, nodeaffinity.isEmptyNodeSelectorTerm). */
function asksNothing({ matchExpressions = [], matchFields = [] }: Term): boolean {
  return matchExpressions.length === 0 && matchFields.length === 0;
}

function withTerms(pod: Pod, terms: readonly Term[] | undefined): Pod {
  const { requiredDuringSchedulingIgnoredDuringExecution: required, ...preferred } =
    pod.spec?.affinity?.nodeAffinity ?? {};
  const nodeAffinity = terms
    ? {
        ...preferred,
        requiredDuringSchedulingIgnoredDuringExecution: { ...required, nodeSelectorTerms: [...terms] },
      }
    : preferred;
  const { nodeAffinity: _before, ...others } = pod.spec?.affinity ?? {};
  const affinity = { ...others, ...(Object.keys(nodeAffinity).length > 0 && { nodeAffinity }) };
  const { affinity: _former, ...spec } = pod.spec ?? { containers: [] };
  return { ...pod, spec: { ...spec, ...(Object.keys(affinity).length > 0 && { affinity }) } };
}

function withAnnotation(pod: Pod, until: Readonly<Record<string, number>>): Pod {
  const { [avoidsAnnotation]: _before, ...others } = pod.metadata?.annotations ?? {};
  const times = Object.entries(until).map(([node, time]) => [node, new Date(time).toISOString()]);
  const annotations = {
    ...others,
    ...(times.length > 0 && { [avoidsAnnotation]: JSON.stringify(Object.fromEntries(times)) }),
  };
  return { ...pod, metadata: { ...pod.metadata, annotations } };
}
