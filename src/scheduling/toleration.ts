import type { Toleration } from '../kube/types.ts';
import type { NodeTable, Taint } from './node-table.ts';
import { reach } from './reach.ts';

/** Whether a taint is tolerated by one of several tolerations (v1.Toleration, ToleratesTaint). */
export function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some(({ key, operator, value, effect }) => {
    if (effect && effect !== taint.effect) return false;
    if (key && key !== taint.key) return false;
    if (operator === 'Exists') return true;
    return (!operator || operator === 'Equal') && (value ?? '') === (taint.value ?? '');
  });
}

/** The taints that the nodes of a table have had, by how they are written there. */
const known = new WeakMap<NodeTable, Map<string, Taint[]>>();

/**
 * The first taint of these effects that is not tolerated, by node; none when no node has such a taint. Nodes with
 * the same taints are looked at once.
 */
export function untolerated(
  nodes: NodeTable,
  tolerations: readonly Toleration[],
  effects: readonly string[],
): ((slot: number) => Taint | undefined) | undefined {
  const { taints } = nodes;
  const read = reach(known, nodes, () => new Map<string, Taint[]>());
  let found: (Taint | undefined)[] | undefined;
  for (const [json, number] of taints.entries()) {
    const all = reach(read, json, () => JSON.parse(json) as Taint[]);
    const taint = all.find((each) => effects.includes(each.effect) && !tolerates(tolerations, each));
    if (!taint) continue;
    found ??= new Array(taints.limit).fill(undefined);
    found[number] = taint;
  }
  return found && ((slot) => found[taints.ids[slot] ?? 0]);
}

/** The effects that keep a pod off a node. */
export const keepingOff: readonly string[] = ['NoSchedule', 'NoExecute'];
