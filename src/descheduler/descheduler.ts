import { LowerPlacement } from '../clusters/placement/lower-placement.ts';
import type { NodesBy } from '../clusters/placement/virtual-nodes.ts';
import type { ClusterSource } from '../clusters/source.ts';
import { describeError } from '../kube/errors.ts';
import { keyOf } from '../kube/resources.ts';
import { linkSignals } from '../kube/signals.ts';
import { Memory, type MemoryOptions } from './memory.ts';
import { Remaking } from './remaking.ts';
import { type RoundsOptions, runRounds } from './rounds.ts';
import { Situation } from './situation.ts';
import { UpperCluster } from './upper-cluster.ts';

export interface DeschedulerOptions extends RoundsOptions {
  /** uid of the upper cluster's kube-system. */
  readonly upperCluster: string;
  readonly source: ClusterSource;
  readonly nodesBy: NodesBy;
  /** Milliseconds for which pictures are believed though a cluster does not answer. */
  readonly patience: number;
  readonly memory: Omit<MemoryOptions, 'upper'>;
  /** The namespace of the Secrets of pods that are made again. */
  readonly remakingNamespace: string;
  /** Whether the labels of a virtual node make it one of those that pods are moved away from. */
  readonly isOurs: (labels: Readonly<Record<string, string>>) => boolean;
}

/** How long the first round waits for clusters that are not known yet, in milliseconds. */
const firstPatience = 30_000;

/**
 * Moves pods that are in vain where they are, until the signal aborts or one round is done.
 *
 * @throws KubeError when the clusters cannot be read
 */
export async function runDescheduler(options: DeschedulerOptions, signal: AbortSignal): Promise<void> {
  const { upper, logger } = options;
  const ending = linkSignals(signal);
  const above = new UpperCluster({
    upper,
    onPod: (key, pod) => placement.promised.apply(key, pod),
    onNodes: () => placement.nodesChanged(),
    onError: (message) => logger.warn({ message }, 'a watch of the upper cluster failed and goes on'),
  });
  const placement = new LowerPlacement({
    ...options,
    nodeOf: (name) => above.node(name),
    // Pods with claims are not moved, so theirs are not known here.
    claimOf: () => undefined,
  });
  const memory = new Memory({ ...options.memory, upper });
  const remaking = new Remaking({ upper, namespace: options.remakingNamespace, logger });
  const { virtualNodes, podsBelow } = placement;
  const situation = () =>
    new Situation({
      upper: above,
      virtualNodes,
      podsBelow,
      memory,
      isOurs: (name) => options.isOurs(above.node(name)?.metadata?.labels ?? {}),
      now: Date.now(),
      onError: (pod, error) =>
        logger.warn({ pod: keyOf(pod), message: describeError(error) }, 'a pod cannot be read'),
    });
  const running = [
    above.run(ending.signal),
    placement.run(ending.signal),
    ...(options.print ? [] : [remaking.run(ending.signal)]),
  ];
  const ended = Promise.all(running);
  let working: Promise<void> | undefined;
  try {
    await Promise.race([ended, placement.known(firstPatience, ending.signal, () => !above.staleness)]);
    await memory.load();
    logger.info({ strategies: options.strategies.map(({ name }) => name) }, 'looks after virtual pods');
    const parts = { memory, remaking, staleness: () => above.staleness, situation };
    working = runRounds(options, parts, ending.signal).then(() =>
      options.print ? undefined : remaking.finished(ending.signal),
    );
    await Promise.race([ended, working]);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    ending.abort();
    ending.release();
    // Who takes over must not find us at work.
    await Promise.allSettled([...running, working]);
  }
}
