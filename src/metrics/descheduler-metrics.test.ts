import { expect, test } from 'vitest';
import { createDeschedulerMetrics } from './descheduler-metrics.ts';

test('proposals are counted by strategy and outcome', async () => {
  const metrics = createDeschedulerMetrics('1.2.3');
  metrics.proposed('PodLifeTime', 'moved');
  metrics.proposed('PodLifeTime', 'moved');
  metrics.proposed('Fragmentation', 'held');
  const lines = (await metrics.text()).split('\n');
  expect(lines).toContain('isthmus_descheduler_proposals_total{strategy="PodLifeTime",outcome="moved"} 2');
  expect(lines).toContain('isthmus_descheduler_proposals_total{strategy="Fragmentation",outcome="held"} 1');
  expect(lines).toContain('isthmus_build_info{version="1.2.3"} 1');
});
