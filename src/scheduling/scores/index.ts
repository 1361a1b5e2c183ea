import type { RankStrategy } from '../rank-strategy.ts';
import { balanced, leastAllocated, mostAllocated } from './allocation.ts';
import { evenSpread, preferredPods } from './company.ts';
import { preferredNodes, preferredTaints } from './preferences.ts';
import type { Scorer } from './score.ts';

/** What each strategy looks at; the weights of the first are those of kube-scheduler's default plugins. */
export const scorers: Readonly<Record<RankStrategy, readonly Scorer[]>> = {
  'least-allocated': [leastAllocated, balanced, preferredTaints, preferredNodes, evenSpread, preferredPods],
  'best-fit': [mostAllocated],
  'worst-fit': [leastAllocated],
};
