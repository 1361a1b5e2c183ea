import type { Pod } from '../../../src/kube/types.ts';
import type { Explanation } from '../../../src/scheduling/fit.ts';
import { feasible } from './real-scheduler.ts';

/**
 * What a scheduler thinks of a pod: how many nodes for which reason, or the reason for which the pod as such is
 * refused. Written as text, so that two of them are compared and shown as they are.
 */
export type Verdict = string;

/** What kube-scheduler has written into a pod; none when it has not looked at it yet. */
export function realVerdict({ status }: Pod): Verdict | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (!condition?.message) return undefined;
  const [, reasons] = /^0\/\d+ nodes are available: (.*)\.$/s.exec(condition.message.trim()) ?? [];
  if (reasons === undefined) return `[${condition.reason}] ${condition.message}`;
  const parts = [...reasons.matchAll(/(?:^|, )(\d+) (.+?)(?=, \d+ |$)/gs)];
  if (parts.length === 0) return reasons;
  return write(parts.map(([, count = '', reason = '']) => [reason, Number(count)]));
}

/** What Isthmus thinks. */
export function ourVerdict({ feasible: count, reasons, ownReason }: Explanation): Verdict {
  if (ownReason !== undefined) return ownReason;
  return write([...reasons, [feasible, count]]);
}

function write(counts: readonly (readonly [reason: string, count: number])[]): Verdict {
  const sums = new Map<string, number>();
  for (const [reason, count] of counts) {
    const name = general(reason);
    if (count > 0) sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return [...sums]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
}

/** Since 1.35 kube-scheduler does not say which taint. */
function general(reason: string): string {
  return reason.startsWith('node(s) had untolerated taint') ? 'node(s) had untolerated taint(s)' : reason;
}
