import { keyOf } from '../../kube/resources.ts';
import type { Pod } from '../../kube/types.ts';
import type { Refusal } from '../../translate/refusal.ts';
import { neededBy } from '../dependencies/dependency-keys.ts';
import { type PodSync, recordRefusal } from './pod-sync.ts';
import { dropTokens } from './pod-tokens.ts';

/**
 * Brings ConfigMaps and Secrets down for a pod that is about to follow; says what is missing, and returns the first
 * that the pod must wait for. They are held until the pod is {@link letGo}.
 */
export async function prepare(sync: PodSync, upper: Pod): Promise<Refusal | undefined> {
  const findings = await sync.dependencies.prepare(keyOf(upper), neededBy(upper, sync.down.serviceAccounts));
  for (const finding of findings) if (!finding.isBlocking) recordRefusal(sync, upper, finding);
  return findings.find((finding) => finding.isBlocking);
}

/**
 * The pod has followed, or does not: from now on only what pods below use decides about what was brought down for it.
 * That is what it was then: another pod may have its name by now.
 *
 * @param key of the pod
 */
export function letGo(sync: PodSync, key: string): void {
  for (const dependency of sync.dependencies.release(key)) sync.addDependency(dependency);
}

/** Takes back what was brought down for a pod that does not follow it: no secret stays where no pod uses it. */
export async function withdraw(sync: PodSync, upper: Pod): Promise<void> {
  await dropTokens(sync, keyOf(upper), { evenWaiting: true });
  letGo(sync, keyOf(upper));
}
