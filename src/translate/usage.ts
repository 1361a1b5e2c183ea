/** What one pod uses, as far as its kubelet has said. */
export interface PodUsage {
  /** Since the pod began; never decreases while it lives. */
  readonly cpuSeconds?: number | undefined;
  readonly workingSetBytes?: number | undefined;
  /** When it was measured, in milliseconds since 1970. */
  readonly timestamp?: number | undefined;
}

/** What the pods of the virtual node use together; no figure is ever zero. */
export interface NodeUsage {
  /** Of every pod since we began to count, ended ones too. */
  readonly cpuSeconds: number;
  readonly workingSetBytes: number;
  /** When it was measured, in milliseconds since 1970. */
  readonly timestamp: number;
}

/** What is known of the CPU counters so far: the total, and of each pod (`namespace/name`) where it stands. */
export interface UsageState {
  readonly cpuSeconds: number;
  readonly last: ReadonlyMap<string, number>;
  readonly timestamp: number;
}

/**
 * Nothing used yet. Not zero: metrics-server drops a node of which a figure reads zero in its own unit, the
 * nanosecond (pkg/scraper/client/resource/decode.go).
 */
export const noUsage: UsageState = { cpuSeconds: 1e-9, last: new Map(), timestamp: 0 };

/**
 * Adds what pods have used since they were last looked at. The total never goes backward: a counter that has begun
 * anew adds what it stands at, one that is missing for now is waited for, and what a pod has used stays when the
 * pod is gone.
 *
 * @param exists whether there still is a pod of this name
 * @param now milliseconds since 1970, for when nothing was measured
 */
export function addUsage(
  state: UsageState,
  usage: ReadonlyMap<string, PodUsage>,
  exists: (pod: string) => boolean,
  now: number,
): { state: UsageState; node: NodeUsage } {
  const last = new Map([...state.last].filter(([pod]) => exists(pod)));
  let { cpuSeconds } = state;
  let workingSetBytes = 0;
  let newest: number | undefined;
  for (const [pod, { cpuSeconds: counter, workingSetBytes: bytes = 0, timestamp }] of usage) {
    workingSetBytes += bytes;
    if (timestamp !== undefined) newest = Math.max(newest ?? 0, timestamp);
    if (counter === undefined) continue;
    const before = last.get(pod) ?? 0;
    cpuSeconds += counter >= before ? counter - before : counter;
    last.set(pod, counter);
  }
  const timestamp = Math.max(state.timestamp, newest ?? now);
  return {
    state: { cpuSeconds, last, timestamp },
    node: { cpuSeconds, workingSetBytes: Math.max(1, workingSetBytes), timestamp },
  };
}
