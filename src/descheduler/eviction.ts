import type { Client } from '../kube/client.ts';
import { hasCode } from '../kube/errors.ts';
import { evictions } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';

/** What became of a pod that was asked to go: `held` by a disruption budget, or `gone` before. */
export type Evicted = 'going' | 'gone' | 'held';

/** A transport waits as long as an API server asks it to, and for a budget that is ten seconds each time. */
const patience = 2_000;

/**
 * Asks for the end of this very pod, which disruption budgets may refuse (policy/v1 Eviction).
 *
 * @param isTrial asks only whether it would be done
 * @throws KubeError
 */
export async function evict(upper: Client, pod: Pod, isTrial: boolean): Promise<Evicted> {
  const { namespace, name = '', uid = '' } = pod.metadata ?? {};
  const deleteOptions = { preconditions: { uid }, ...(isTrial && { dryRun: ['All'] }) };
  const body = { metadata: { namespace, name }, deleteOptions };
  const signal = AbortSignal.timeout(patience);
  try {
    await upper.createSubresource(evictions, { namespace, name }, body as object, { signal });
    return 'going';
  } catch (error) {
    if (hasCode(error, 'NotFound', 'Conflict')) return 'gone';
    if (hasCode(error, 'TooManyRequests', 'Aborted')) return 'held';
    throw error;
  }
}
