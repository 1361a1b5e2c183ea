import { keyOf } from '../../kube/resources.ts';
import type { NetworkPolicy, Pod } from '../../kube/types.ts';
import { readSelector } from '../../scheduling/label-selector.ts';
import type { Refusal } from '../../translate/refusal.ts';

export interface PoliciesInStepOptions {
  /** The policies above of a namespace that is served, and of no other. */
  readonly policiesOf: (namespace: string) => Iterable<NetworkPolicy>;
  /** Whether the copy of a policy is below. */
  readonly isBelow: (policy: NetworkPolicy) => boolean;
  /** Looks at a pod again. */
  readonly addPod: (key: string) => void;
}

/** Under this key wait pods of which nobody can say yet what policies mean them. */
const unlisted = '';

/**
 * Which policies are below as they are above, and the pods that wait for others: one that started without the policies
 * that mean it would be open until they come.
 */
export class PoliciesInStep {
  readonly #options: PoliciesInStepOptions;
  /** What was brought down last without anything left to do, by key. */
  readonly #brought = new Map<string, string>();
  readonly #problems = new Map<string, string>();
  /** The pods that wait, by the key of the policy. */
  readonly #waiting = new Map<string, Set<string>>();
  #isKnown = false;

  constructor(options: PoliciesInStepOptions) {
    this.#options = options;
  }

  /** The policies of both clusters are listed. */
  known(): void {
    this.#isKnown = true;
    this.wake(unlisted);
  }

  /** The copy of a policy is what this state of it asks for. */
  settled(policy: NetworkPolicy): void {
    this.#brought.set(keyOf(policy), stateOf(policy));
    this.#problems.delete(keyOf(policy));
  }

  /** The copy may be something else. */
  unsettled(key: string): void {
    this.#brought.delete(key);
  }

  /** The policy cannot be below. */
  refused(key: string, message: string): void {
    this.#brought.delete(key);
    this.#problems.set(key, message);
  }

  /** There is to be no copy. */
  gone(key: string): void {
    this.#brought.delete(key);
    this.#problems.delete(key);
  }

  /** Looks again at the pods that wait for a policy, after it was reconciled. */
  wake(key: string): void {
    const pods = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const pod of pods) this.#options.addPod(pod);
  }

  /** Why a pod must wait: some policy that means it is not below as it is above. */
  refusalOf(pod: Pod): Refusal | undefined {
    // No policy holds for who is on the network of his node.
    if (pod.spec?.hostNetwork) return undefined;
    if (!this.#isKnown)
      return this.#wait(pod, unlisted, 'the network policies of both clusters have not been listed yet');
    for (const policy of this.#options.policiesOf(pod.metadata?.namespace ?? '')) {
      const { matches } = readSelector((policy.spec?.podSelector ?? {}) as never);
      if (!matches(pod.metadata?.labels ?? {}) || this.#isInStep(policy)) continue;
      const key = keyOf(policy);
      const problem = this.#problems.get(key);
      const message = `network policy ${key} is not in the lower cluster${problem ? `: ${problem}` : ' yet'}`;
      return this.#wait(pod, key, message);
    }
    return undefined;
  }

  #isInStep(policy: NetworkPolicy): boolean {
    return this.#brought.get(keyOf(policy)) === stateOf(policy) && this.#options.isBelow(policy);
  }

  #wait(pod: Pod, key: string, message: string): Refusal {
    const pods = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, pods.add(keyOf(pod)));
    return { reason: 'NetworkPolicyNotReady', message };
  }
}

/** Changes with the spec alone. */
function stateOf({ metadata }: NetworkPolicy): string {
  return `${metadata?.uid}/${metadata?.generation ?? ''}`;
}
