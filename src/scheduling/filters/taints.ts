import type { Filter } from '../filter.ts';
import type { Taint } from '../node-table.ts';
import { keepingOff, untolerated } from '../toleration.ts';

/** A node refuses pods that do not tolerate its taints. */
export const taints: Filter = {
  plugin: 'TaintToleration',
  prepare({ nodes }, { tolerations }) {
    const taintOf = untolerated(nodes, tolerations, keepingOff);
    if (!taintOf) return undefined;
    let written: Map<Taint, string> | undefined;
    return {
      passes: (slot) => taintOf(slot) === undefined,
      check: (slot) => {
        const taint = taintOf(slot);
        if (!taint) return undefined;
        written ??= new Map();
        // Not by a function that makes it: one would be made for every node.
        const known = written.get(taint);
        if (known !== undefined) return known;
        const text = write(taint);
        written.set(taint, text);
        return text;
      },
    };
  },
};

/** As kube-scheduler wrote it up to 1.34; since then it does not say which taint, which helps nobody. */
function write({ key, value = '' }: Taint): string {
  return `node(s) had untolerated taint {${key}: ${value}}`;
}
