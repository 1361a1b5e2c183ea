import type { Client } from '../kube/client.ts';
import { hasCode } from '../kube/errors.ts';
import { evictions } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';

/** What became of a pod that was asked to go: `held` by a disruption budget, or `gone` before. */
export type Evicted = 'going' | 'gone' | 'held';

/** A transport may wait when an API server asks it to, as it does for a budget; in milliseconds. */
const patience = 2_000;

/**
 * Asks for the end of this very pod, which disruption budgets may refuse (policy/v1 Eviction).
 *
 * @param how `trial` asks only whether it would be done; `unchanged` refuses a pod that is not as it was seen
 * @throws KubeError
 */
export async function evict(upper: Client, pod: Pod, how?: 'trial' | 'unchanged'): Promise<Evicted> {
  const { namespace, name = '', uid = '', resourceVersion } = pod.metadata ?? {};
  const preconditions = { uid, ...(how === 'unchanged' && { resourceVersion }) };
  const deleteOptions = { preconditions, ...(how === 'trial' && { dryRun: ['All'] }) };
  const body = { metadata: { namespace, name }, deleteOptions };
  const signal = AbortSignal.timeout(patience);
  try {
    await upper.createSubresource(evictions, { namespace, name }, body as object, { signal, urgent: true });
    return 'going';
  } catch (error) {
    if (hasCode(error, 'NotFound', 'Conflict')) return 'gone';
    if (hasCode(error, 'TooManyRequests', 'Aborted')) return 'held';
    throw error;
  }
}
