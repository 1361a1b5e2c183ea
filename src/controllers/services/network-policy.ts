import type { ControllerContext } from '../../clusters/controller.ts';
import { hasCode } from '../../kube/errors.ts';
import { splitKey } from '../../kube/resources.ts';
import type { NetworkPolicy, Pod } from '../../kube/types.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import type { Owner } from '../../translate/marks.ts';
import { policyDown } from '../../translate/services/policy-down.ts';
import type { LowerCopies } from './lower-copies.ts';
import type { NamespaceUse } from './namespace-use.ts';
import type { PoliciesInStep } from './policies-in-step.ts';
import type { UpperPolicies } from './upper-policies.ts';

/** The namespace whose policies stay above. */
export const systemNamespace = 'kube-system';

/** What the reconcile of NetworkPolicies looks at and writes through. */
export interface PoliciesView {
  readonly owner: Owner;
  readonly upper: UpperPolicies;
  /** The namespaces with pods that are below, or are about to be. */
  readonly use: Pick<NamespaceUse, 'has'>;
  readonly policies: LowerCopies<NetworkPolicy>;
  readonly inStep: Pick<PoliciesInStep, 'settled' | 'unsettled' | 'gone'>;
  readonly namespaces: ControllerContext['namespaces'];
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
  if (!policy || namespace === systemNamespace || !use.has(namespace)) {
    view.inStep.gone(key);
    return view.policies.bring(key, undefined);
  }
  const desired = policyDown(policy, {
    owner,
    namespacesOf: (selector) => upper.namespacesOf(selector),
    addressesElsewhere(peer) {
      const pods = [...upper.podsOf(namespace, peer)].filter((pod) => !isHere(pod));
      return pods.flatMap(({ status }) => addressesOf(status)).sort();
    },
  });
  const again = await bring(view, key, desired);
  if (again) view.inStep.unsettled(key);
  else view.inStep.settled(policy);
  return again;
}

/** The policies are there before the first pod, and so is the namespace. */
async function bring(view: PoliciesView, key: string, desired: NetworkPolicy): Promise<ReconcileResult> {
  const { namespace } = splitKey(key);
  if (!view.policies.held(key)) await view.namespaces.ensure(namespace);
  try {
    return await view.policies.bring(key, desired);
  } catch (error) {
    view.inStep.unsettled(key);
    if (hasCode(error, 'NotFound')) view.namespaces.forget(namespace);
    throw error;
  }
}

function addressesOf(status: Pod['status']): string[] {
  const all = status?.podIPs?.map(({ ip }) => ip) ?? [];
  return all.length > 0 ? all : status?.podIP ? [status.podIP] : [];
}
