import { collectDefaultMetrics, Registry } from 'prom-client';
import { counter, histogram, registerGauge } from './instruments.ts';

/** The metrics of a webhook's process. */
export interface WebhookMetrics {
  /** A request was answered after so many milliseconds. */
  reviewed(result: string, milliseconds: number): void;
  /** Everything in the text format of Prometheus. */
  text(): Promise<string>;
  /** The media type of {@link text}. */
  readonly contentType: string;
}

/** Makes a registry with the metrics of the process and of its reviews. */
export function createWebhookMetrics(version: string): WebhookMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerGauge(registry, 'isthmus_build_info', (set) => set({ version }, 1));
  const reviews = counter('isthmus_webhook_reviews_total', registry);
  const durations = histogram('isthmus_webhook_review_duration_seconds', registry);
  return {
    reviewed(result, milliseconds) {
      reviews.inc({ result });
      durations.observe(milliseconds / 1000);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
