import type { Pod } from '../../kube/types.ts';
import type { PodExplanation } from '../../multischeduler/explanation.ts';

/** What `-o json` says. Fields are added, never renamed or removed, while the apiVersion stays. */
export interface ExplainDocument {
  apiVersion: 'isthmus.io/v1';
  kind: 'PodExplanation';
  pod: {
    namespace: string;
    name: string;
    phase: string;
    /** The virtual node (or other node) that it is bound to. */
    node: string | null;
    /** What the upper scheduler says while it is bound nowhere. */
    unschedulable: string | null;
  };
  virtualNodes: {
    name: string;
    /** Why the upper scheduler would pass it by; empty when it would not. */
    above: string[];
    /** Null when nothing is known of the lower cluster; `unknown` says why. */
    below: { nodes: number; feasible: number; reasons: Record<string, number> } | null;
    unknown: string | null;
  }[];
  /** Its copy in the lower cluster; null when there is none. */
  copy: { node: string | null; unschedulable: string | null } | null;
}

/** The explanation for programs. */
export function explainDocument(pod: Pod, { nodes, copy }: PodExplanation): ExplainDocument {
  const { namespace = '', name = '' } = pod.metadata ?? {};
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const isWaiting = !pod.spec?.nodeName && scheduled?.status === 'False';
  return {
    apiVersion: 'isthmus.io/v1',
    kind: 'PodExplanation',
    pod: {
      namespace,
      name,
      phase: pod.status?.phase ?? 'Unknown',
      node: pod.spec?.nodeName || null,
      unschedulable: isWaiting ? (scheduled.message ?? scheduled.reason ?? '') : null,
    },
    virtualNodes: nodes.map(({ name: node, above, below }) => ({
      name: node,
      above: [...above],
      below:
        'unknown' in below
          ? null
          : { nodes: below.nodes, feasible: below.feasible, reasons: Object.fromEntries(below.reasons) },
      unknown: 'unknown' in below ? below.unknown : null,
    })),
    copy: copy ? { node: copy.nodeName ?? null, unschedulable: copy.unschedulable?.message ?? null } : null,
  };
}
