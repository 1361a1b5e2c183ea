import { collectDefaultMetrics, Registry } from 'prom-client';
import { counter, createInstruments, registerGauge } from './instruments.ts';
import type { Direction, NodeMetrics, NodeReadings } from './node-metrics.ts';
import { NodeSeries, type QueueState } from './node-series.ts';

/** The metrics of one process. */
export interface Metrics {
  /** The observers of a virtual node. One that is asked for again begins anew: its former series are removed. */
  metricsFor(nodeName: string): NodeMetrics;
  /** A virtual node was left to other replicas, or begun anew, because this one did not get to work for it. */
  gaveUp(): void;
  /** Everything in the text format of Prometheus. */
  text(): Promise<string>;
  /** The media type of {@link text}. */
  readonly contentType: string;
}

const directions: readonly Direction[] = ['down', 'up'];

/** Makes a registry with the metrics of the process: memory, CPU, event loop, descriptors, and no node yet. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const instruments = createInstruments(registry);
  const nodes = new Map<string, NodeSeries>();
  const givenUp = counter('isthmus_leads_given_up_total', registry);
  collectDefaultMetrics({ register: registry });
  registerGauge(registry, 'isthmus_build_info', (set) => set({ version }, 1));
  registerQueueGauges(registry, nodes);
  registerNodeGauges(registry, nodes);
  return {
    metricsFor(nodeName) {
      nodes.get(nodeName)?.remove();
      const series = new NodeSeries(nodeName, instruments, () => {
        if (nodes.get(nodeName) === series) nodes.delete(nodeName);
      });
      nodes.set(nodeName, series);
      return series;
    },
    gaveUp: () => givenUp.inc(),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

type Nodes = ReadonlyMap<string, NodeSeries>;

function registerQueueGauges(registry: Registry, nodes: Nodes): void {
  const perQueue = (name: 'isthmus_queue_depth' | 'isthmus_reconciles_running', field: keyof QueueState) =>
    registerGauge(registry, name, (set) => {
      for (const [lower_cluster, { queues }] of nodes)
        for (const [queue, state] of queues) set({ lower_cluster, queue }, state[field]);
    });
  perQueue('isthmus_queue_depth', 'depth');
  perQueue('isthmus_reconciles_running', 'running');
}

function registerNodeGauges(registry: Registry, nodes: Nodes): void {
  const perNode = (
    name: Parameters<typeof registerGauge>[1],
    tell: (
      readings: NodeReadings,
      set: (value: number | boolean, more?: Record<string, string>) => void,
    ) => void,
  ) =>
    registerGauge(registry, name, (set) => {
      for (const [lower_cluster, { readings }] of nodes)
        if (readings) tell(readings, (value, more) => set({ lower_cluster, ...more }, Number(value)));
    });
  perNode('isthmus_kubelet_streams', (node, set) => set(node.streams()));
  perNode('isthmus_lower_cluster_reachable', (node, set) => set(node.isReachable()));
  perNode('isthmus_caches_in_step', (node, set) => set(node.isInStep()));
  perNode('isthmus_sync_waiting_pods', (node, set) => {
    for (const direction of directions) set(node.waiting(direction).pods, { direction });
  });
  perNode('isthmus_sync_oldest_wait_seconds', (node, set) => {
    for (const direction of directions) set(node.waiting(direction).oldest / 1000, { direction });
  });
}
