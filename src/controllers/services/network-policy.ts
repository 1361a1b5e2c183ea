import { splitKey } from '../../kube/resources.ts';
import type { NetworkPolicy, Pod } from '../../kube/types.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import type { Owner } from '../../translate/marks.ts';
import { policyDown } from '../../translate/services/policy-down.ts';
import type { LowerCopies } from './lower-copies.ts';
import type { NamespaceUse } from './namespace-use.ts';
import type { UpperPolicies } from './upper-policies.ts';

/** The namespace whose policies stay above. */
const systemNamespace = 'kube-system';

/** What the reconcile of NetworkPolicies looks at and writes through. */
export interface PoliciesView {
  readonly owner: Owner;
  readonly upper: UpperPolicies;
  readonly use: NamespaceUse;
  readonly policies: LowerCopies<NetworkPolicy>;
  /** Whether an upper pod is in this lower cluster, where selectors find it. */
  isHere(pod: Pod): boolean;
  isReachable(): boolean;
}

/**
 * Makes a lower NetworkPolicy what the upper one is, or takes it away with the last pod of its namespace. None of
 * `kube-system` goes down: what the lower cluster lives by is there.
 *
 * @param key of the policy, above and below
 * @throws KubeError
 */
export async function reconcileNetworkPolicy(view: PoliciesView, key: string): Promise<ReconcileResult> {
  if (!view.isReachable()) return undefined;
  const { upper, owner, use, isHere } = view;
  const { namespace } = splitKey(key);
  const policy = upper.policies.get(key);
  if (!policy || namespace === systemNamespace || !use.has(namespace))
    return view.policies.bring(key, undefined);
  const desired = policyDown(policy, {
    owner,
    namespacesOf: (selector) => upper.namespacesOf(selector),
    addressesElsewhere(peer) {
      const pods = [...upper.podsOf(namespace, peer)].filter((pod) => !isHere(pod));
      return pods.flatMap(({ status }) => addressesOf(status)).sort();
    },
  });
  return view.policies.bring(key, desired);
}

function addressesOf(status: Pod['status']): string[] {
  const all = status?.podIPs?.map(({ ip }) => ip) ?? [];
  return all.length > 0 ? all : status?.podIP ? [status.podIP] : [];
}
