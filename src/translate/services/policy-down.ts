import type { NetworkPolicy, NetworkPolicyPeer } from '../../kube/types.ts';
import { annotationsDown } from '../annotations-down.ts';
import { marks, type Owner } from '../marks.ts';
import { isEqual } from '../merge-patch.ts';
import { virtualPodLabel } from '../names.ts';

type LabelSelector = NonNullable<NetworkPolicyPeer['podSelector']>;

/** Pods by their labels; without `namespaces` those of the policy's own namespace. */
export interface PeerPods {
  readonly namespaces: LabelSelector | undefined;
  readonly pods: LabelSelector | undefined;
}

export interface PolicyDownOptions {
  readonly owner: Owner;
  /** The addresses of the pods that are meant and are not in this lower cluster, in order. */
  readonly addressesElsewhere: (peer: PeerPods) => readonly string[];
  /** The names of the upper namespaces that a selector selects, in order. */
  readonly namespacesOf: (selector: LabelSelector) => readonly string[];
}

/** A rule as it travels; the client library calls `from` something else. */
interface Rule {
  readonly from?: readonly NetworkPolicyPeer[];
  readonly to?: readonly NetworkPolicyPeer[];
}

/** Every namespace has it (k8s.io/api/core/v1, LabelMetadataName); of all others ours below may have none. */
const namespaceName = 'kubernetes.io/metadata.name';
/** Stands for nobody: a rule without any peer lets everybody in. */
const nobody: NetworkPolicyPeer = {
  namespaceSelector: { matchExpressions: [{ key: namespaceName, operator: 'DoesNotExist' }] },
};

/**
 * The lower copy of an upper NetworkPolicy. It holds for virtual pods alone: those of the lower cluster itself, in a
 * namespace of the same name, go on as they did. Peers in this lower cluster are selected as above, those elsewhere
 * stand there by address; namespaces, whose labels are known only above, by name.
 */
export function policyDown(upper: NetworkPolicy, options: PolicyDownOptions): NetworkPolicy {
  const { namespace = '', name = '', uid = '', labels } = upper.metadata ?? {};
  const ours = marks(options.owner, uid);
  const annotations = annotationsDown(upper.metadata);
  const { ingress, egress, podSelector, ...spec } = upper.spec ?? {};
  const rulesDown = (rules: unknown) => (rules as readonly Rule[]).map((rule) => ruleDown(rule, options));
  return {
    metadata: {
      namespace,
      name,
      labels: { ...labels, ...ours.labels },
      annotations: { ...annotations, ...ours.annotations },
    },
    spec: {
      ...spec,
      podSelector: virtualOf(podSelector),
      ...(ingress && { ingress: rulesDown(ingress) }),
      ...(egress && { egress: rulesDown(egress) }),
    } as NonNullable<NetworkPolicy['spec']>,
  };
}

/** As an expression, beside whatever the selector says of the same label. */
function virtualOf(selector: LabelSelector | undefined): LabelSelector {
  const isVirtual = { key: virtualPodLabel, operator: 'In', values: ['true'] };
  return { ...selector, matchExpressions: [...(selector?.matchExpressions ?? []), isVirtual] };
}

function ruleDown({ from, to, ...rule }: Rule, options: PolicyDownOptions): Rule {
  return {
    ...rule,
    ...(from && { from: peersDown(from, options) }),
    ...(to && { to: peersDown(to, options) }),
  };
}

function peersDown(
  peers: readonly NetworkPolicyPeer[],
  options: PolicyDownOptions,
): readonly NetworkPolicyPeer[] {
  const down = peers.flatMap((peer) => peerDown(peer, options));
  // The same pod may be meant twice.
  const distinct = new Map(down.map((peer) => [JSON.stringify(peer), peer]));
  return peers.length > 0 && distinct.size === 0 ? [nobody] : [...distinct.values()];
}

function peerDown(
  peer: NetworkPolicyPeer,
  { addressesElsewhere, namespacesOf }: PolicyDownOptions,
): NetworkPolicyPeer[] {
  const { podSelector, namespaceSelector } = peer;
  if (!podSelector && !namespaceSelector) return [peer];
  const elsewhere = addressesElsewhere({ namespaces: namespaceSelector, pods: podSelector }).map(block);
  if (!namespaceSelector) return [peer, ...elsewhere];
  const values = [...namespacesOf(namespaceSelector)];
  if (values.length === 0) return elsewhere;
  const named = { matchExpressions: [{ key: namespaceName, operator: 'In', values }] };
  return [{ ...peer, namespaceSelector: named }, ...elsewhere];
}

function block(address: string): NetworkPolicyPeer {
  return { ipBlock: { cidr: `${address}/${address.includes(':') ? 128 : 32}` } };
}

/** What must be written so that a lower policy is as desired; nothing when it is. */
export function policyToWrite(desired: NetworkPolicy, lower: NetworkPolicy): NetworkPolicy | undefined {
  const { labels, annotations } = lower.metadata ?? {};
  const before = { labels, annotations, spec: lower.spec };
  const after = {
    labels: desired.metadata?.labels,
    annotations: desired.metadata?.annotations,
    spec: desired.spec,
  };
  if (isEqual(before as never, after as never)) return undefined;
  return { ...desired, metadata: { ...lower.metadata, ...desired.metadata } };
}
