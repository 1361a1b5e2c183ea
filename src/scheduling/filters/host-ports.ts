import type { Filter } from '../filter.ts';

const reason = "node(s) didn't have free ports for the requested pod ports";

/** The ports of the node that a pod takes must be free there. */
export const hostPorts: Filter = {
  plugin: 'NodePorts',
  prepare({ pods }, { ports }) {
    const conflicts = ports.length > 0 ? pods.ports.conflicts(ports) : undefined;
    return conflicts && { check: (slot) => (conflicts(slot) ? reason : undefined) };
  },
};
