import type { PodSpec } from '../../kube/types.ts';
import { ourPrefix, virtualNodeLabel } from '../names.ts';

/** One requirement of a node selector term, on a label or a field of nodes. */
export interface Requirement {
  key: string;
  operator: string;
  values?: string[] | null;
}

/** A node selector term as it travels. Both lists empty means true here; the API calls such a term false. */
export type Term = NonNullable<
  NonNullable<
    NonNullable<PodSpec['affinity']>['nodeAffinity']
  >['requiredDuringSchedulingIgnoredDuringExecution']
>['nodeSelectorTerms'][number];

/** How requirements on virtual nodes are told from those on the nodes of lower clusters. */
export interface NodeKeys {
  /** Keys that always speak of virtual nodes (`--ignore-selector-keys`). */
  readonly above: ReadonlySet<string>;
  /** Whether a virtual node of this name is known. */
  isVirtualNode(name: string): boolean;
}

/** What of a requirement is about virtual nodes, and what about the nodes of the lower cluster. */
export interface SplitRequirement {
  above?: Requirement;
  below?: Requirement;
}

/** A requirement that means either the one kind of node or the other, which no two selectors can say. */
export const eitherKind = 'either kind';

/** The label and the field by which any node is named, virtual or not. */
export const hostnameLabel = 'kubernetes.io/hostname';
const nameField = 'metadata.name';

/**
 * Divides a requirement. Most keys decide by themselves; those that virtual nodes share with others (their name, and
 * `type`) by the values: `kubernetes.io/hostname: vk-a` is about a virtual node, `worker-1` about one below.
 */
export function splitRequirement(
  requirement: Requirement,
  keys: NodeKeys,
): SplitRequirement | typeof eitherKind {
  const { key, operator } = requirement;
  if (keys.above.has(key) || key.startsWith(ourPrefix)) return { above: requirement };
  const isVirtual = virtualValues(key, keys);
  const values = requirement.values ?? [];
  const virtual = values.filter(isVirtual);
  if (virtual.length === 0) return { below: requirement };
  if (virtual.length === values.length) return { above: requirement };
  // `In` is an or of its values, `NotIn` an and.
  if (operator !== 'NotIn') return eitherKind;
  const others = values.filter((value) => !isVirtual(value));
  return { above: { ...requirement, values: virtual }, below: { ...requirement, values: others } };
}

/** Whether an entry of `nodeSelector` is about virtual nodes. */
export function isAbove(key: string, value: string, keys: NodeKeys): boolean {
  const split = splitRequirement({ key, operator: 'In', values: [value] }, keys);
  return split !== eitherKind && split.above !== undefined;
}

function virtualValues(key: string, { isVirtualNode }: NodeKeys): (value: string) => boolean {
  if (key === virtualNodeLabel.name) return (value) => value === virtualNodeLabel.value;
  if (key === hostnameLabel || key === nameField) return isVirtualNode;
  return () => false;
}
