import type { Filter } from '../filter.ts';
import { tolerates } from '../toleration.ts';

const reason = 'node(s) were unschedulable';
const asTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** A cordoned node takes only pods that tolerate the taint which stands for that. */
export const unschedulable: Filter = {
  plugin: 'NodeUnschedulable',
  prepare({ nodes }, { tolerations }) {
    if (nodes.unschedulable.size === 0 || tolerates(tolerations, asTaint)) return undefined;
    return { check: (slot) => (nodes.unschedulable.has(slot) ? reason : undefined) };
  },
};
