import type { NodeUsage, PodUsage } from './usage.ts';

/** The text of one lower node's `/metrics/resource`, and which pods (`namespace/name`) there are ours. */
export interface NodeMetrics {
  readonly text: string;
  has(pod: string): boolean;
}

/** What several lower nodes say of our pods, by metric; and of each pod what it uses in all. */
export interface ResourceMetrics {
  readonly families: ReadonlyMap<string, Family>;
  readonly usage: ReadonlyMap<string, PodUsage>;
}

interface Family {
  /** Its HELP and TYPE, as the first node wrote them. */
  readonly comments: readonly string[];
  readonly series: string[];
}

const comment = /^# (?:HELP|TYPE) (\S+)/;
const sample = /^([a-zA-Z_:][\w:]*)\{(.*)\} (\S+)(?: (\d+))?$/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
/** How labels are ordered: virtual-kubelet's suite takes the second for the pod. */
const order = ['namespace', 'pod', 'container'];

/**
 * Reads `/metrics/resource` of lower nodes (kubelet pkg/kubelet/metrics/collectors/resource_metrics.go) and keeps
 * what is about our pods, value and timestamp as they were. Names below are the names above, so nothing is renamed;
 * what a node says of itself and of others' pods is left out, and so is what cannot be read.
 */
export function readResourceMetrics(nodes: Iterable<NodeMetrics>): ResourceMetrics {
  const families = new Map<string, Family>();
  const usage = new Map<string, PodUsage>();
  for (const { text, has } of nodes) {
    const comments = new Map<string, string[]>();
    for (const line of text.split('\n')) {
      const [, named] = comment.exec(line) ?? [];
      if (named !== undefined) comments.set(named, [...(comments.get(named) ?? []), line]);
      const series = readSeries(line);
      if (!series || !has(series.pod)) continue;
      const { metric, pod, value, timestamp } = series;
      const family = families.get(metric) ?? { comments: comments.get(metric) ?? [], series: [] };
      families.set(metric, family);
      family.series.push(series.text);
      if (metric === 'pod_cpu_usage_seconds_total')
        usage.set(pod, { ...usage.get(pod), cpuSeconds: value, timestamp });
      if (metric === 'pod_memory_working_set_bytes')
        usage.set(pod, { timestamp, ...usage.get(pod), workingSetBytes: value });
    }
  }
  return { families, usage };
}

/** The text that a kubelet would answer for the virtual node; `isPartial` says that some lower node is missing. */
export function writeResourceMetrics(
  { families }: ResourceMetrics,
  node: NodeUsage,
  isPartial: boolean,
): string {
  const lines = [...families.values()].flatMap(({ comments, series }) => [...comments, ...series]);
  lines.push(
    '# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the pods of this node in core-seconds',
    '# TYPE node_cpu_usage_seconds_total counter',
    `node_cpu_usage_seconds_total ${node.cpuSeconds} ${node.timestamp}`,
    '# HELP node_memory_working_set_bytes [STABLE] Current working set of the pods of this node in bytes',
    '# TYPE node_memory_working_set_bytes gauge',
    `node_memory_working_set_bytes ${node.workingSetBytes} ${node.timestamp}`,
    '# HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
    '# TYPE resource_scrape_error gauge',
    `resource_scrape_error ${isPartial ? 1 : 0}`,
  );
  return `${lines.join('\n')}\n`;
}

function readSeries(line: string) {
  const [, metric = '', labels = '', written = '', time = ''] = sample.exec(line) ?? [];
  const value = Number(written);
  if (metric === '' || !Number.isFinite(value)) return undefined;
  const pairs = [...labels.matchAll(label)].map(([, name = '', content = '']) => ({ name, content }));
  const of = (name: string) => pairs.find((pair) => pair.name === name)?.content;
  const [namespace, pod] = [of('namespace'), of('pod')];
  if (!namespace || !pod) return undefined;
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const sorted = pairs.sort((one, other) => place(one.name) - place(other.name));
  const inside = sorted.map(({ name, content }) => `${name}="${content}"`).join(',');
  return {
    metric,
    pod: `${namespace}/${pod}`,
    value,
    timestamp: time === '' ? undefined : Number(time),
    text: `${metric}{${inside}} ${written}${time === '' ? '' : ` ${time}`}`,
  };
}
