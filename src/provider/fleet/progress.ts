import type { Progress } from './idle.ts';
import type { JoinedCluster } from './joined-cluster.ts';

/** More than an attempt has lists: the next attempt is a step, however far the last one got. */
const attempt = 1_000;

/**
 * How far the work for a virtual node is: each list is a step, and work that is being ended is none. Where nobody else
 * could do better, a failed attempt is a step as well, and a lost cluster is waited for.
 */
export function progressOf(
  joined: Pick<JoinedCluster, 'isEnding' | 'opened' | 'failures'> | undefined,
  isAlone: boolean,
): Progress {
  const failures = isAlone ? (joined?.failures ?? 0) * attempt : 0;
  const state = joined?.isEnding ? undefined : joined?.opened?.provider.state;
  if (!state) return { isAtWork: false, steps: failures };
  const { isInStep, watches, lower } = state;
  const listed = watches.filter(({ isSynced }) => isSynced).length;
  return { isAtWork: isInStep || (isAlone && !lower.reachable), steps: failures + 1 + listed };
}
