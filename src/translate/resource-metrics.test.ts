import { describe, expect, it } from 'vitest';
import { readResourceMetrics, writeResourceMetrics } from './resource-metrics.ts';

/** As a kubelet of 1.35 writes it. */
const first = `# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="main",namespace="shop",pod="web"} 1.25 1763815000123
container_cpu_usage_seconds_total{container="main",namespace="shop",pod="stranger"} 99 1763815000123
# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the node in core-seconds
# TYPE node_cpu_usage_seconds_total counter
node_cpu_usage_seconds_total 4000.5 1763815000500
# HELP pod_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the pod in core-seconds
# TYPE pod_cpu_usage_seconds_total counter
pod_cpu_usage_seconds_total{namespace="shop",pod="web"} 1.5 1763815000200
# HELP pod_memory_working_set_bytes [STABLE] Current working set of the pod in bytes
# TYPE pod_memory_working_set_bytes gauge
pod_memory_working_set_bytes{namespace="shop",pod="web"} 1.048576e+06 1763815000200
# HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 otherwise
# TYPE resource_scrape_error gauge
resource_scrape_error 0
`;
const second = `# HELP container_cpu_usage_seconds_total [STABLE] Written otherwise
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="main",namespace="shop",pod="web"} 7 1763815000999
container_cpu_usage_seconds_total{container="sidecar",namespace="shop",pod="api"} 0.5 1763815000999
# TYPE container_new_thing gauge
container_new_thing{container="sidecar",device="a,b\\"}",namespace="shop",pod="api"} 3
`;
const nodes = [
  { text: first, has: (pod: string) => pod === 'shop/web' },
  { text: second, has: (pod: string) => pod === 'shop/api' },
];
const total = { cpuSeconds: 2.5, workingSetBytes: 1_048_576, timestamp: 1_763_815_000_999 };

describe('the metrics of several nodes', () => {
  it('are those of our pods on each, with their own figures and times', () => {
    expect(writeResourceMetrics(readResourceMetrics(nodes), total, false)).toBe(
      `# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{namespace="shop",pod="web",container="main"} 1.25 1763815000123
container_cpu_usage_seconds_total{namespace="shop",pod="api",container="sidecar"} 0.5 1763815000999
# HELP pod_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the pod in core-seconds
# TYPE pod_cpu_usage_seconds_total counter
pod_cpu_usage_seconds_total{namespace="shop",pod="web"} 1.5 1763815000200
# HELP pod_memory_working_set_bytes [STABLE] Current working set of the pod in bytes
# TYPE pod_memory_working_set_bytes gauge
pod_memory_working_set_bytes{namespace="shop",pod="web"} 1.048576e+06 1763815000200
# TYPE container_new_thing gauge
container_new_thing{namespace="shop",pod="api",container="sidecar",device="a,b\\"}"} 3
# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the pods of this node in core-seconds
# TYPE node_cpu_usage_seconds_total counter
node_cpu_usage_seconds_total 2.5 1763815000999
# HELP node_memory_working_set_bytes [STABLE] Current working set of the pods of this node in bytes
# TYPE node_memory_working_set_bytes gauge
node_memory_working_set_bytes 1048576 1763815000999
# HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 otherwise
# TYPE resource_scrape_error gauge
resource_scrape_error 0
`,
    );
  });

  it('tell what each pod uses in all', () => {
    expect([...readResourceMetrics(nodes).usage]).toEqual([
      ['shop/web', { cpuSeconds: 1.5, workingSetBytes: 1_048_576, timestamp: 1_763_815_000_200 }],
    ]);
  });

  it('say when a node is missing', () => {
    expect(writeResourceMetrics(readResourceMetrics([]), total, true)).toContain(
      '\nresource_scrape_error 1\n',
    );
  });

  it.each([
    ['nothing', ''],
    ['something else', '{"kind":"Status"}\n<html>'],
    ['no number', 'pod_cpu_usage_seconds_total{namespace="shop",pod="web"} many 1\n'],
    ['no pod', 'pod_cpu_usage_seconds_total{namespace="shop"} 1 1\n'],
    ['half a line', 'pod_cpu_usage_seconds_total{namespace="shop",pod="we'],
  ])('are left out where a node answers %s', (_name, text) => {
    const { families, usage } = readResourceMetrics([{ text, has: () => true }]);
    expect([families.size, usage.size]).toEqual([0, 0]);
  });
});
