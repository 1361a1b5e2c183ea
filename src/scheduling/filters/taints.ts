import type { Filter } from '../filter.ts';
import type { Taint } from '../node-table.ts';
import { reach } from '../reach.ts';
import { keepingOff, untolerated } from '../toleration.ts';

/** A node refuses pods that do not tolerate its taints. */
export const taints: Filter = {
  plugin: 'TaintToleration',
  prepare({ nodes }, { tolerations }) {
    const taintOf = untolerated(nodes, tolerations, keepingOff);
    if (!taintOf) return undefined;
    const written = new Map<Taint, string>();
    return {
      check: (slot) => {
        const taint = taintOf(slot);
        return taint && reach(written, taint, () => write(taint));
      },
    };
  },
};

/** As kube-scheduler wrote it up to 1.34; since then it does not say which taint, which helps nobody. */
function write({ key, value = '' }: Taint): string {
  return `node(s) had untolerated taint {${key}: ${value}}`;
}
