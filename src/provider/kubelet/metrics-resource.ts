import { refuse } from './answer.ts';
import type { Call, KubeletContext } from './call.ts';
import { serveFigures } from './usage/serve-figures.ts';

/** `GET /metrics/resource`: what metrics-server reads, CPU and memory of pods and containers. */
export async function metricsResource(call: Call, context: KubeletContext): Promise<void> {
  if (call.segments.join('/') !== 'resource') {
    refuse(call, 404, 'of metrics this node serves /metrics/resource');
    return;
  }
  const type = 'text/plain; version=0.0.4; charset=utf-8';
  await serveFigures(call, type, () => context.usage.resourceMetrics());
}
