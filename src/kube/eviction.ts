import type { Client } from './client.ts';
import { hasCode } from './errors.ts';
import { evictions } from './resources.ts';
import type { Pod } from './types.ts';

/**
 * What became of a pod that was asked to go: `held` by a disruption budget, `gone` (or, if that matters, changed) before,
 * or `unknown`: no answer came in time, and it may be going.
 */
export type Evicted = 'going' | 'gone' | 'held' | 'unknown';

/** The answer; of one that is held also why, in words, as far as the API server says. */
export interface Eviction {
  readonly became: Evicted;
  readonly because?: string;
}

export interface EvictOptions {
  /** Asks only whether it would be done. */
  readonly isTrial?: boolean;
  /** Leaves a pod that is not as it was seen. */
  readonly isUnchanged?: boolean;
  /** Milliseconds for the call, 2,000 unless told. */
  readonly patience?: number;
}

/** Asks for the end of this very pod, which disruption budgets may refuse (policy/v1 Eviction). @throws KubeError */
export async function evict(client: Client, pod: Pod, options: EvictOptions = {}): Promise<Eviction> {
  const { isTrial, isUnchanged, patience = 2_000 } = options;
  const { namespace, name = '', uid = '', resourceVersion } = pod.metadata ?? {};
  const preconditions = { uid, ...(isUnchanged && { resourceVersion }) };
  const deleteOptions = { preconditions, ...(isTrial && { dryRun: ['All'] }) };
  const body = { metadata: { namespace, name }, deleteOptions };
  const signal = AbortSignal.timeout(patience);
  // Urgent, for a budget's refusal asks to wait, and whoever is refused decides himself when he asks again.
  try {
    await client.createSubresource(evictions, { namespace, name }, body as object, { signal, urgent: true });
    return { became: 'going' };
  } catch (error) {
    if (hasCode(error, 'NotFound', 'Conflict')) return { became: 'gone' };
    if (hasCode(error, 'TooManyRequests')) return { became: 'held', because: error.message };
    if (hasCode(error, 'Aborted')) return { became: 'unknown' };
    throw error;
  }
}
