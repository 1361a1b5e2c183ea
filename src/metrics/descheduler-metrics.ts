import { collectDefaultMetrics, Registry } from 'prom-client';
import { counter, registerGauge } from './instruments.ts';

/** The metrics of a descheduler's process. */
export interface DeschedulerMetrics {
  /** A strategy proposed to move pods, and this became of it. */
  proposed(strategy: string, outcome: string): void;
  /** Everything in the text format of Prometheus. */
  text(): Promise<string>;
  /** The media type of {@link text}. */
  readonly contentType: string;
}

/** Makes a registry with the metrics of the process and of what it moved. */
export function createDeschedulerMetrics(version: string): DeschedulerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerGauge(registry, 'isthmus_build_info', (set) => set({ version }, 1));
  const proposals = counter('isthmus_descheduler_proposals_total', registry);
  return {
    proposed: (strategy, outcome) => proposals.inc({ strategy, outcome }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
