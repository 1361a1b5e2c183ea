import { LRUCache } from 'lru-cache';
import { keyOf } from '../../../kube/resources.ts';
import { readResourceMetrics, writeResourceMetrics } from '../../../translate/resource-metrics.ts';
import { readSummaries, summaryOf, usageOf } from '../../../translate/stats-summary.ts';
import { addUsage, type NodeUsage, noUsage, type PodUsage } from '../../../translate/usage.ts';
import { LowerStats, type LowerStatsOptions } from './lower-stats.ts';

/** What the pods of this node use, in the two forms in which a kubelet tells it. */
export interface UsageFigures {
  /** The text of `/metrics/resource`. @throws KubeError as {@link LowerStats.ask} */
  resourceMetrics(): Promise<string>;
  /** The JSON of `/stats/summary`. @throws KubeError as {@link LowerStats.ask} */
  statsSummary(): Promise<string>;
}

export interface UsageFiguresOptions extends LowerStatsOptions {
  nodeName: string;
}

/** Milliseconds for which an answer serves everybody who asks; kubelets measure every ten seconds at best. */
const freshFor = 3_000;
/** What a kubelet can tell that cannot make out its file systems, and so fails to tell all. */
const leanSummary = 'stats/summary?only_cpu_and_memory=true';

/** Figures that are asked for below when somebody asks here, and at most every few seconds. */
export function createUsageFigures(options: UsageFiguresOptions): UsageFigures {
  const { nodeName, listPods } = options;
  const stats = new LowerStats(options);
  const since = Date.now();

  const resourceTotal = total();
  const resourceMetrics = shared(async () => {
    const { nodes, isPartial } = await stats.ask('metrics/resource');
    const metrics = readResourceMetrics(
      nodes.map(({ text, uids }) => ({ text, has: (pod) => uids.has(pod) })),
    );
    return writeResourceMetrics(metrics, resourceTotal(metrics.usage), isPartial);
  });

  // Of its own: the two paths are read at different moments, and an older counter looks like one begun anew.
  const summaryTotal = total();
  const statsSummary = shared(async () => {
    const { nodes } = await stats.ask('stats/summary', leanSummary);
    const pods = readSummaries(nodes.map(({ text, uids }) => ({ text, upperUid: (pod) => uids.get(pod) })));
    return JSON.stringify(summaryOf(nodeName, pods, summaryTotal(usageOf(pods)), since));
  });

  function total(): (usage: ReadonlyMap<string, PodUsage>) => NodeUsage {
    let state = noUsage;
    return (usage) => {
      const pods = new Set([...listPods()].map(({ upper }) => keyOf(upper)));
      const next = addUsage(state, usage, (pod) => pods.has(pod), Date.now());
      ({ state } = next);
      return next.node;
    };
  }

  return { resourceMetrics, statsSummary };
}

/** The same answer for all who ask at about the same time. */
function shared(make: () => Promise<string>): () => Promise<string> {
  const answers = new LRUCache<'answer', string>({
    max: 1,
    ttl: freshFor,
    ttlResolution: 0,
    // Looked up at each call, so that a test may put its own clock there.
    perf: { now: () => performance.now() },
    fetchMethod: make,
  });
  return async () => (await answers.fetch('answer')) ?? '';
}
