import type { Filter } from '../filter.ts';

const reason = "node(s) didn't match the requested node name";

/** A pod that names its node goes nowhere else. */
export const nodeName: Filter = {
  plugin: 'NodeName',
  prepare({ nodes }, { nodeName: name }) {
    if (name === undefined) return undefined;
    const wanted = nodes.slotOf(name);
    return { check: (slot) => (slot === wanted ? undefined : reason) };
  },
};
