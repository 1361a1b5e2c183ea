import type { ExplainDocument } from './document.ts';

/** The explanation for people. */
export function explainText({ pod, virtualNodes, copy }: ExplainDocument): string {
  const lines = [`${pod.namespace}/${pod.name} is ${pod.phase}, ${whereOf(pod, copy)}`];
  if (pod.unschedulable) lines.push(`  kube-scheduler says: ${pod.unschedulable}`);
  if (copy?.unschedulable) lines.push(`  the scheduler below says: ${copy.unschedulable}`);
  for (const node of virtualNodes) {
    lines.push('', `${node.name}${node.name === pod.node ? ' (it is here)' : ''}`);
    lines.push(`  above: ${node.above.length > 0 ? node.above.join(', ') : 'it fits'}`);
    lines.push(...belowLines(node));
  }
  if (virtualNodes.length === 0) lines.push('', 'There is no virtual node.');
  return `${lines.join('\n')}\n`;
}

function whereOf(pod: ExplainDocument['pod'], copy: ExplainDocument['copy']): string {
  if (!pod.node) return 'on no node';
  if (!copy) return `on ${pod.node}`;
  return `on ${pod.node}, below ${copy.node ? `on ${copy.node}` : 'on no node yet'}`;
}

function belowLines({ below, unknown }: ExplainDocument['virtualNodes'][number]): string[] {
  if (!below) return [`  below: not known: ${unknown}`];
  const reasons = Object.entries(below.reasons).sort(([, many], [, more]) => more - many);
  return [
    `  below: ${below.feasible} of ${below.nodes} lower nodes can take it now`,
    ...reasons.map(([reason, count]) => `    ${String(count).padStart(5)}  ${reason}`),
  ];
}
