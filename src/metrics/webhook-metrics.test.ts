import { expect, test } from 'vitest';
import { definitions } from './definitions.ts';
import { createWebhookMetrics } from './webhook-metrics.ts';

test('reviews are counted by their result, and timed in seconds', async () => {
  const metrics = createWebhookMetrics('1.2.3');
  metrics.reviewed('changed', 2);
  metrics.reviewed('changed', 4);
  metrics.reviewed('bad', 1);
  const lines = (await metrics.text()).split('\n');
  expect(lines).toContain('isthmus_webhook_reviews_total{result="changed"} 2');
  expect(lines).toContain('isthmus_webhook_reviews_total{result="bad"} 1');
  expect(lines).toContain('isthmus_webhook_review_duration_seconds_sum 0.007');
  expect(lines).toContain('isthmus_build_info{version="1.2.3"} 1');
  const own = lines.flatMap((line) => /^# TYPE (isthmus_webhook_\S+)/.exec(line)?.[1] ?? []);
  expect(own).toEqual(Object.keys(definitions).filter((name) => name.startsWith('isthmus_webhook_')));
});
