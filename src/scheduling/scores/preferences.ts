import { termTest } from '../node-selector.ts';
import { untolerated } from '../toleration.ts';
import type { Scorer } from './score.ts';

/** Prefers nodes that match the pod's preferred node affinity (NodeAffinity). */
export const preferredNodes: Scorer = {
  weight: 2,
  prepare({ nodes }, pod) {
    const terms = pod.preferredNodes.filter(({ weight }) => weight > 0);
    const total = terms.reduce((sum, { weight }) => sum + weight, 0);
    if (total === 0) return undefined;
    const tests = terms.flatMap(({ weight, preference }) => {
      const test = termTest(nodes, preference);
      return test ? [{ weight, test }] : [];
    });
    return (slot) =>
      tests.reduce((sum, { weight, test }) => sum + (test(slot) ? weight : 0), 0) * (100 / total);
  },
};

/** Prefers nodes without taints that would rather have others (TaintToleration). */
export const preferredTaints: Scorer = {
  weight: 3,
  prepare({ nodes }, { tolerations }) {
    const taintOf = untolerated(nodes, tolerations, ['PreferNoSchedule']);
    return (slot) => (taintOf?.(slot) ? 0 : 100);
  },
};
