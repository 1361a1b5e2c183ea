import type { PodSpec } from '../../kube/types.ts';
import { virtualNodeLabel } from '../names.ts';
import { type Alternatives, isEmpty, type SplitTerms, splitTerms } from './split-terms.ts';
import { isAbove, type NodeKeys } from './whose-node.ts';

/** A spec that asks for virtual nodes alone, and what it asked of the nodes below. */
export interface SplitSpec {
  spec: PodSpec;
  below: { nodeSelector: Record<string, string>; required: Alternatives };
}

/** Divides the node selector and the required node affinity; undefined when that cannot be done. */
export function splitSpec(spec: PodSpec, keys: NodeKeys): SplitSpec | undefined {
  const entries = Object.entries(spec.nodeSelector ?? {});
  const above = entries.filter(([key, value]) => isAbove(key, value, keys));
  const below = entries.filter(([key, value]) => !isAbove(key, value, keys));
  const onlyVirtual = { [virtualNodeLabel.name]: virtualNodeLabel.value, ...Object.fromEntries(above) };
  const nodeSelector = Object.fromEntries(below);
  const terms =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  // With no term that can match the pod fits nowhere, above as well as below.
  const split = terms && !terms.every(isEmpty) ? splitTerms(terms, keys) : nothing;
  if (!split) return undefined;
  const required = split.below;
  const upper = required ? withRequired(spec, split.above) : spec;
  // What was taken away can hold on no node above but a virtual one: on others nobody would look at it any more.
  const isMoved = required !== undefined || below.length > 0;
  return {
    spec: isMoved ? withNodeSelector(upper, onlyVirtual) : upper,
    below: { nodeSelector, required },
  };
}

const nothing: SplitTerms = { above: undefined, below: undefined };

/** The spec with another node selector; none when it is empty. */
export function withNodeSelector(spec: PodSpec, nodeSelector: Record<string, string>): PodSpec {
  const { nodeSelector: _former, ...rest } = spec;
  return Object.keys(nodeSelector).length > 0 ? { ...rest, nodeSelector } : rest;
}

type NodeAffinity = NonNullable<NonNullable<PodSpec['affinity']>['nodeAffinity']>;
type Required = NonNullable<NodeAffinity['requiredDuringSchedulingIgnoredDuringExecution']>;

/** The spec with another required node affinity, and without the maps that this leaves empty. */
function withRequired(spec: PodSpec, terms: Required['nodeSelectorTerms'] | undefined): PodSpec {
  const { affinity, ...rest } = spec;
  const { nodeAffinity, ...others } = affinity ?? {};
  const { requiredDuringSchedulingIgnoredDuringExecution: former, ...preferred } = nodeAffinity ?? {};
  const required = terms && {
    requiredDuringSchedulingIgnoredDuringExecution: { ...former, nodeSelectorTerms: terms },
  };
  const node = { ...preferred, ...required };
  const all = { ...others, ...(Object.keys(node).length > 0 ? { nodeAffinity: node } : {}) };
  return Object.keys(all).length > 0 ? { ...rest, affinity: all } : rest;
}
