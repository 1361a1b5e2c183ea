import type { NodeReport, Share } from './node-report.ts';

/** How much of something is used, in base units: cores, bytes, pieces. */
interface DocumentShare {
  used: number;
  offered: number;
}

/** What `-o json` and `-o yaml` say. Fields are added, never renamed or removed, while the apiVersion stays. */
export interface StatusDocument {
  apiVersion: 'isthmus.io/v1';
  kind: 'Status';
  /** By name. */
  nodes: {
    name: string;
    /** Whether the virtual node is Ready, which it is while its lower cluster answers. */
    reachable: boolean;
    cpu: DocumentShare;
    memory: DocumentShare;
    pods: DocumentShare;
    /** What is free on the one lower node that has most of each; null when it is not known. */
    largestFreeNode: { cpu: number; memory: number } | null;
    /** How many pods there are of each state: a phase, or the reason for which they wait or failed. */
    podStates: Record<string, number>;
    /** One line for each thing that is wrong, for people. */
    problems: string[];
  }[];
}

/** The reports as a document for programs. */
export function statusDocument(reports: readonly NodeReport[]): StatusDocument {
  return {
    apiVersion: 'isthmus.io/v1',
    kind: 'Status',
    nodes: reports.map(({ largestFree, podStates, ...report }) => ({
      name: report.name,
      reachable: report.isReachable,
      cpu: share(report.cpu),
      memory: share(report.memory),
      pods: share(report.pods),
      largestFreeNode: largestFree
        ? { cpu: amount(largestFree.cpu), memory: amount(largestFree.memory) }
        : null,
      podStates: Object.fromEntries(podStates),
      problems: report.problems,
    })),
  };
}

function share({ used, of }: Share): DocumentShare {
  return { used: amount(used), offered: amount(of) };
}

/** From billionths: whole units exactly, beyond what a double of billionths could tell apart. */
function amount(billionths: bigint): number {
  const unit = 1_000_000_000n;
  return Number(billionths / unit) + Number(billionths % unit) / 1e9;
}
