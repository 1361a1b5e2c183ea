import { isMap } from './shape.ts';
import type { NodeUsage, PodUsage } from './usage.ts';

/** One pod of a kubelet's `/stats/summary`; what is not named here passes as it is. */
export interface PodStats {
  podRef: { name: string; namespace: string; uid: string };
  cpu?: { time?: string; usageNanoCores?: number; usageCoreNanoSeconds?: number };
  memory?: { time?: string; usageBytes?: number; workingSetBytes?: number; rssBytes?: number };
}

/** The text of one lower node's `/stats/summary`, and the upper uid of each pod (`namespace/name`) that is ours. */
export interface NodeSummary {
  readonly text: string;
  upperUid(pod: string): string | undefined;
}

/**
 * Reads `/stats/summary` of lower nodes (k8s.io/kubelet stats/v1alpha1) and keeps our pods, each with the uid it
 * has above. What cannot be read is left out.
 */
export function readSummaries(nodes: Iterable<NodeSummary>): PodStats[] {
  return [...nodes].flatMap(({ text, upperUid }) =>
    podsIn(text).flatMap((pod) => {
      const uid = upperUid(`${pod.podRef.namespace}/${pod.podRef.name}`);
      return uid === undefined ? [] : [{ ...pod, podRef: { ...pod.podRef, uid } }];
    }),
  );
}

/** What each pod uses in all, for the sum. */
export function usageOf(pods: readonly PodStats[]): Map<string, PodUsage> {
  return new Map(
    pods.map(({ podRef, cpu, memory }) => [
      `${podRef.namespace}/${podRef.name}`,
      {
        cpuSeconds: cpu?.usageCoreNanoSeconds === undefined ? undefined : cpu.usageCoreNanoSeconds / 1e9,
        workingSetBytes: memory?.workingSetBytes,
        timestamp: timeOf(cpu?.time ?? memory?.time),
      },
    ]),
  );
}

/**
 * The summary of the virtual node: our pods, and their sums as its own.
 *
 * @param since when the sum of CPU time began, in milliseconds since 1970
 */
export function summaryOf(nodeName: string, pods: readonly PodStats[], node: NodeUsage, since: number) {
  const time = new Date(node.timestamp).toISOString();
  const sum = (figure: (pod: PodStats) => number | undefined) =>
    pods.reduce((total, pod) => total + (figure(pod) ?? 0), 0);
  return {
    node: {
      nodeName,
      startTime: new Date(since).toISOString(),
      cpu: {
        time,
        usageNanoCores: sum(({ cpu }) => cpu?.usageNanoCores),
        usageCoreNanoSeconds: Math.round(node.cpuSeconds * 1e9),
      },
      memory: {
        time,
        usageBytes: sum(({ memory }) => memory?.usageBytes),
        workingSetBytes: node.workingSetBytes,
        rssBytes: sum(({ memory }) => memory?.rssBytes),
      },
    },
    pods,
  };
}

function podsIn(text: string): PodStats[] {
  try {
    const { pods } = JSON.parse(text) as { pods?: unknown };
    return Array.isArray(pods) ? pods.filter(isPodStats) : [];
  } catch {
    return [];
  }
}

const figures = ['usageNanoCores', 'usageCoreNanoSeconds', 'usageBytes', 'workingSetBytes', 'rssBytes'];

/** One odd pod must not take the others along: the kubelet is another cluster's. */
function isPodStats(pod: unknown): pod is PodStats {
  if (!isMap(pod) || !isMap(pod['podRef'])) return false;
  const { name, namespace } = pod['podRef'];
  return (
    typeof name === 'string' && typeof namespace === 'string' && [pod['cpu'], pod['memory']].every(isUsage)
  );
}

function isUsage(usage: unknown): boolean {
  if (usage === undefined) return true;
  if (!isMap(usage)) return false;
  const { time } = usage;
  return (
    (time === undefined || typeof time === 'string') &&
    figures.every((name) => usage[name] === undefined || typeof usage[name] === 'number')
  );
}

function timeOf(time: string | undefined): number | undefined {
  const value = Date.parse(time ?? '');
  return Number.isNaN(value) ? undefined : value;
}
