import { RateLimit } from '../kube/rate-limit.ts';

/** How long the virtual node whose mark a copy below has may leave it out of step, in milliseconds; others then do it. */
export const claimPatience = 20_000;

/** So many edits of a copy below are undone at once, then one in {@link undoPause} milliseconds. */
const undoBurst = 5;
export const undoPause = 10_000;

/** Lets pass so many undoings of one copy: two who undo each other's work would keep both API servers busy. */
export function undoLimit(now?: () => number): RateLimit {
  return new RateLimit({ qps: 1_000 / undoPause, burst: undoBurst, ...(now && { now }) });
}
