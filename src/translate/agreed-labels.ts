import type { Node } from '../kube/types.ts';
import { cloudProviderLabel } from './names.ts';

/** Labels of a node by their name; null where it has none. */
export type AgreedLabels = Readonly<Record<string, string | null>>;

/**
 * What a virtual node may say of its lower nodes because all of them say it: their operating system and
 * architecture, region, zone, and the cloud they run in (the scheme of `spec.providerID`). Null where they differ
 * or do not say.
 */
export function agreedLabels(nodes: Iterable<Node>): AgreedLabels {
  const all = [...nodes];
  const agreed = (say: (node: Node) => string | undefined): string | null => {
    const said = new Set(all.map(say));
    const [only] = said;
    return said.size === 1 && only !== undefined ? only : null;
  };
  const label = (name: string) => agreed(({ metadata }) => metadata?.labels?.[name]);
  return {
    'kubernetes.io/os': agreed(({ status }) => status?.nodeInfo?.operatingSystem || undefined),
    'kubernetes.io/arch': agreed(({ status }) => status?.nodeInfo?.architecture || undefined),
    'topology.kubernetes.io/region': label('topology.kubernetes.io/region'),
    'topology.kubernetes.io/zone': label('topology.kubernetes.io/zone'),
    [cloudProviderLabel]: agreed(({ spec }) => cloudOf(spec?.providerID)),
  };
}

/** Whether a change of a node may change what all nodes agree on. */
export function saysTheSame(one: Node, other: Node): boolean {
  const [before, after] = [agreedLabels([one]), agreedLabels([other])];
  return Object.keys(before).every((name) => before[name] === after[name]);
}

/** `aws` of `aws:///eu-west-1a/i-0abc`. */
function cloudOf(providerID: string | undefined): string | undefined {
  return /^([a-z0-9][-a-z0-9]{0,61}):\/\//.exec(providerID ?? '')?.[1];
}
