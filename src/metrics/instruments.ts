import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { definitions, type MetricName } from './definitions.ts';

type NamesOf<Kind> = {
  [Name in MetricName]: (typeof definitions)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

/** The metrics that events are counted in. */
export type Instruments = ReturnType<typeof createInstruments>;

/** Registers the metrics that events are counted in. */
export function createInstruments(registry: Registry) {
  return {
    waits: histogram('isthmus_queue_wait_seconds', registry),
    durations: histogram('isthmus_reconcile_duration_seconds', registry),
    reconciles: counter('isthmus_reconciles_total', registry),
    lag: histogram('isthmus_sync_lag_seconds', registry),
    calls: counter('isthmus_api_calls_total', registry),
    callDurations: histogram('isthmus_api_call_duration_seconds', registry),
    limited: counter('isthmus_api_rate_limited_seconds_total', registry),
    restarts: counter('isthmus_watch_restarts_total', registry),
  };
}

/** Registers a gauge that is filled anew whenever somebody looks. */
export function registerGauge(
  registry: Registry,
  name: NamesOf<'gauge'>,
  fill: (set: (labels: Record<string, string>, value: number) => void) => void,
): void {
  const { help, labels } = definitions[name];
  new Gauge<string>({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect() {
      // What is gone by now is not shown.
      this.reset();
      fill((at, value) => this.set(at, value));
    },
  });
}

/** Registers a metric that events are counted in. */
export function counter(name: NamesOf<'counter'>, registry: Registry): Counter<string> {
  const { help, labels } = definitions[name];
  return new Counter({ name, help, labelNames: labels, registers: [registry] });
}

/** Registers a metric that times are counted in, in seconds. */
export function histogram(name: NamesOf<'histogram'>, registry: Registry): Histogram<string> {
  const { help, labels, buckets } = definitions[name];
  return new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers: [registry] });
}
