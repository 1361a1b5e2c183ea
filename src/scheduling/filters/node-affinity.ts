import type { Filter } from '../filter.ts';
import { all, labelsTest, never, type SlotTest, termsTest } from '../node-selector.ts';
import type { NodeTable } from '../node-table.ts';
import type { PodFacts } from '../pod-facts.ts';

const reason = "node(s) didn't match Pod's node affinity/selector";

/** A node must have the labels of the pod's nodeSelector and match its required node affinity. */
export const nodeAffinity: Filter = {
  plugin: 'NodeAffinity',
  prepare({ nodes }, pod) {
    const test = requiredNodes(nodes, pod);
    return (
      test && { check: (slot) => (test(slot) ? undefined : reason), passes: test, refusesAll: test === never }
    );
  },
};

/** Whether a node is one that the pod asks for; none when it asks for none in particular. */
export function requiredNodes(nodes: NodeTable, { nodeSelector, nodeTerms }: PodFacts): SlotTest | undefined {
  const tests: SlotTest[] = [];
  if (Object.keys(nodeSelector).length > 0) tests.push(labelsTest(nodes, nodeSelector));
  if (nodeTerms) tests.push(termsTest(nodes, nodeTerms));
  return tests.length > 0 ? all(tests) : undefined;
}
