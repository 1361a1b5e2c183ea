import type { Client } from '../kube/client.ts';
import { type Evicted, evict } from '../kube/eviction.ts';
import type { Pod } from '../kube/types.ts';
import type { JobPatience } from './job-patience.ts';
import type { Move } from './strategy.ts';

/**
 * Whether all of the pods would go now, by their Jobs and disruption budgets: `going`, or what becomes of the first that
 * would not.
 *
 * @throws KubeError
 */
export async function tryMoves(upper: Client, jobs: JobPatience, moves: readonly Move[]): Promise<Evicted> {
  for (const { pod } of moves) {
    if (!(await jobs.bears(pod, moves.length))) return 'held';
    const { became } = await evict(upper, pod, { isTrial: true, isUnchanged: isWaiting(pod) });
    if (became !== 'going') return became;
  }
  return 'going';
}

/** One that was to go because it waits stays when it runs meanwhile. */
export function isWaiting({ status }: Pod): boolean {
  return status?.phase === 'Pending';
}
