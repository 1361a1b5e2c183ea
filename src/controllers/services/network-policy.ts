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
import { systemNamespace } from './service.ts';
import type { UpperPolicies } from './upper-policies.ts';

/**
 * Pods elsewhere that stand in one policy by their addresses: some 45 bytes each, in up to twice as many with two
 * families, where the API server takes 1.5 MB (etcd's --max-request-bytes).
 */
const mostAddresses = 10_000;
const advice = `a policy can name ${mostAddresses} addresses there; name fewer pods, or the ranges of their addresses by ipBlock`;

/** What the reconcile of NetworkPolicies looks at and writes through. */
export interface PoliciesView {
  readonly owner: Owner;
  readonly upper: UpperPolicies;
  /** The namespaces with pods that are below, or are about to be. */
  readonly use: Pick<NamespaceUse, 'has'>;
  readonly policies: LowerCopies<NetworkPolicy>;
  readonly inStep: Pick<PoliciesInStep, 'settled' | 'unsettled' | 'gone'>;
  /** Told of a policy that names more pods elsewhere than one object can hold. */
  readonly onTooMany: (key: string, message: string) => void;
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
  const room = new Room(mostAddresses);
  const desired = policyDown(policy, {
    owner,
    namespacesOf: (selector) => upper.namespacesOf(selector),
    addressesElsewhere(peer) {
      const pods = [...upper.podsOf(namespace, peer)].filter((pod) => !isHere(pod));
      return room.take(pods.flatMap(({ status }) => addressesOf(status)).sort());
    },
  });
  if (room.refused > 0)
    view.onTooMany(key, `${room.refused} of its peers in other clusters are not let in: ${advice}`);
  const again = await bring(view, key, desired);
  if (again) view.inStep.unsettled(key);
  else view.inStep.settled(policy);
  return again;
}

/** Takes in so many addresses, and counts the others. */
class Room {
  refused = 0;
  #left: number;

  constructor(most: number) {
    this.#left = most;
  }

  take(addresses: readonly string[]): readonly string[] {
    const taken = addresses.slice(0, this.#left);
    this.#left -= taken.length;
    this.refused += addresses.length - taken.length;
    return taken;
  }
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
