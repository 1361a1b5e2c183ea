import type { PodSpec, Toleration } from '../../kube/types.ts';
import type { ClusterSelector } from '../cluster-selector.ts';
import { type Alternatives, isEmpty } from './split-terms.ts';
import type { Term } from './whose-node.ts';

/** What a pod asks of the nodes of the lower cluster. */
export interface AskedBelow {
  nodeSelector: Readonly<Record<string, string>>;
  required: Alternatives;
  tolerations: readonly Toleration[];
}

/** Alternatives multiply when two lists of them must both hold, and with them what each asks; nobody means more. */
const mostAlternatives = 1_000;
const mostRequirements = 10_000;

/**
 * The selector that asks for this as well, its keys in tensile-kube's order, empty ones left out. A string says why
 * there is none.
 */
export function addToSelector(selector: ClusterSelector, asked: AskedBelow): ClusterSelector | string {
  const { nodeSelector, affinity, tolerations, ...unknown } = selector;
  const labels = new Map(Object.entries(nodeSelector ?? {}));
  for (const [key, value] of Object.entries(asked.nodeSelector)) {
    const other = labels.get(key) ?? value;
    if (other !== value)
      return `the node selector asks for ${key}=${value}, the annotation clusterSelector for ${key}=${other}`;
    labels.set(key, value);
  }
  const merged = withRequired(affinity, asked.required);
  if (typeof merged === 'string') return merged;
  const allTolerations = [...(tolerations ?? []), ...asked.tolerations];
  return {
    ...(labels.size > 0 ? { nodeSelector: Object.fromEntries(labels) } : {}),
    ...(Object.keys(merged ?? {}).length > 0 ? { affinity: merged as NonNullable<typeof merged> } : {}),
    ...(allTolerations.length > 0 ? { tolerations: allTolerations } : {}),
    ...unknown,
  };
}

type Affinity = NonNullable<PodSpec['affinity']>;

function withRequired(
  affinity: Affinity | null | undefined,
  more: Alternatives,
): Affinity | null | undefined | string {
  if (!more) return affinity;
  const nodeAffinity = affinity?.nodeAffinity;
  const have = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = have ? both(have.nodeSelectorTerms ?? [], more) : more;
  if (typeof terms === 'string') return terms;
  return {
    ...affinity,
    nodeAffinity: {
      ...nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { ...have, nodeSelectorTerms: terms },
    },
  };
}

/** Alternatives that hold where one of each list holds. Terms that ask for nothing match no node, and stay so. */
function both(some: readonly Term[], others: readonly Term[]): Term[] | string {
  const matching = some.filter((term) => !isEmpty(term));
  if (matching.length === 0) return [...some];
  if (matching.length * others.length > mostAlternatives)
    return `the required node affinity has more than ${mostAlternatives} alternatives`;
  if (sizeOf(matching) * others.length + sizeOf(others) * matching.length > mostRequirements)
    return `the alternatives of the required node affinity ask for more than ${mostRequirements} things together`;
  return matching.flatMap((term) =>
    others.map((other) => ({
      ...term,
      ...other,
      ...joined('matchExpressions', term, other),
      ...joined('matchFields', term, other),
    })),
  );
}

function sizeOf(terms: readonly Term[]): number {
  const lengths = terms.map((term) => (term.matchExpressions?.length ?? 0) + (term.matchFields?.length ?? 0));
  return lengths.reduce((sum, length) => sum + length, 0);
}

function joined(key: 'matchExpressions' | 'matchFields', term: Term, other: Term): object {
  const all = [...(term[key] ?? []), ...(other[key] ?? [])];
  return all.length > 0 ? { [key]: all } : {};
}
