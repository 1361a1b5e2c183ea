import { refuse } from './answer.ts';
import type { Call, KubeletContext } from './call.ts';
import { serveFigures } from './usage/serve-figures.ts';

/** `GET /stats/summary`: what pods use, volumes and network too, as the lower kubelets tell it. */
export async function statsSummary(call: Call, context: KubeletContext): Promise<void> {
  if (call.segments.join('/') !== 'summary') {
    refuse(call, 404, 'of statistics this node serves /stats/summary');
    return;
  }
  await serveFigures(call, 'application/json', () => context.usage.statsSummary());
}
