import type { Filter } from '../filter.ts';
import type { NodeTerm } from '../node-selector.ts';

const otherNode = "node(s) didn't satisfy plugin(s) [NodeAffinity]";
const conflict = 'pod affinity terms conflict';

/**
 * A pod whose node affinity is to nodes by name, as a DaemonSet's, is offered only those: kube-scheduler's NodeAffinity
 * names them before any filter runs, so the others count as refused by it alone.
 */
export const namedNodes: Filter = {
  plugin: 'NodeAffinity',
  prepare({ nodes }, { nodeTerms }) {
    const names = nodeTerms && namesOf(nodeTerms);
    if (!names) return undefined;
    if (names.size === 0) return { refusesPod: conflict };
    const slots = new Set([...names].map((name) => nodes.slotOf(name)));
    return { check: (slot) => (slots.has(slot) ? undefined : otherNode) };
  },
};

/** The nodes that all terms together name; none when some term names no node. */
function namesOf(terms: readonly NodeTerm[]): ReadonlySet<string> | undefined {
  if (terms.length === 0) return undefined;
  const names = new Set<string>();
  for (const { matchFields } of terms) {
    const lists = (matchFields ?? [])
      .filter(({ key, operator }) => key === 'metadata.name' && operator === 'In')
      .map(({ values }) => values ?? []);
    const [first, ...others] = lists;
    if (!first) return undefined;
    for (const name of first) if (others.every((list) => list.includes(name))) names.add(name);
  }
  return names;
}
