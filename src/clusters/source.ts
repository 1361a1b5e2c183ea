import type { LowerCluster } from './lower-cluster.ts';

/** Says which lower clusters there are, from now on. */
export interface ClusterSource {
  /**
   * Calls back with all of them after the first full reading, and again at every change, until the signal aborts.
   * A cluster about which nothing has changed is the same object as before.
   *
   * @throws KubeError `Configuration` when the first reading finds nothing that can be used
   */
  run(onChange: (clusters: ReadonlyMap<string, LowerCluster>) => void, signal: AbortSignal): Promise<void>;
}
