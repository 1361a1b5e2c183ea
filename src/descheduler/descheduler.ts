import { setTimeout as sleep } from 'node:timers/promises';
import { LowerPictures } from '../clusters/feed/lower-pictures.ts';
import { ClaimsBelow } from '../clusters/placement/claims-below.ts';
import { PodsBelow } from '../clusters/placement/pod-below.ts';
import { PromisedRoom } from '../clusters/placement/promised-room.ts';
import { type NodesBy, VirtualNodes } from '../clusters/placement/virtual-nodes.ts';
import type { ClusterSource } from '../clusters/source.ts';
import type { Client } from '../kube/client.ts';
import { describeError } from '../kube/errors.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import type { Logger } from '../kube/logger.ts';
import { keyOf } from '../kube/resources.ts';
import { linkSignals } from '../kube/signals.ts';
import { JobPatience } from './job-patience.ts';
import { type LimitOptions, Limits } from './limits.ts';
import { Memory, type MemoryOptions } from './memory.ts';
import { Mover } from './mover.ts';
import { ownerKeyOf } from './owner.ts';
import type { ActiveStrategy } from './policy.ts';
import { Remaking } from './remaking.ts';
import { RoomAhead } from './room-ahead.ts';
import { moveLine, type RoundOptions, runRound } from './round.ts';
import { Situation } from './situation.ts';
import { UpperCluster } from './upper-cluster.ts';

export interface DeschedulerOptions {
  readonly upper: Client;
  /** uid of the upper cluster's kube-system. */
  readonly upperCluster: string;
  readonly source: ClusterSource;
  readonly nodesBy: NodesBy;
  /** Milliseconds for which pictures are believed though a cluster does not answer. */
  readonly patience: number;
  readonly strategies: readonly ActiveStrategy[];
  readonly limits: LimitOptions;
  readonly memory: Omit<MemoryOptions, 'upper'>;
  /** Milliseconds between two rounds; undefined for one round alone. */
  readonly interval: number | undefined;
  /** Whether the labels of a virtual node make it one of those that pods are moved away from. */
  readonly isOurs: (labels: Readonly<Record<string, string>>) => boolean;
  /** Takes the plan line by line, and then nothing is done. */
  readonly print: ((line: string) => void) | undefined;
  readonly onOutcome: (strategy: string, outcome: string) => void;
  readonly logger: Logger;
}

/** How long the first round waits for clusters that are not known yet, in milliseconds. */
const firstPatience = 30_000;

/**
 * Moves pods that are in vain where they are, until the signal aborts or one round is done.
 *
 * @throws KubeError when the clusters cannot be read
 */
export async function runDescheduler(options: DeschedulerOptions, signal: AbortSignal): Promise<void> {
  const { upper, upperCluster, source, nodesBy, patience, logger } = options;
  const ending = linkSignals(signal);
  const podsBelow = new PodsBelow();
  const above = new UpperCluster({
    upper,
    onPod: (key, pod) => promised.apply(key, pod),
    onNodes: () => promised.reviewAll(),
    onError: (message) => logger.warn({ message }, 'a watch of the upper cluster failed and goes on'),
  });
  const virtualNodes = new VirtualNodes({ nodesBy, nodeOf: (name) => above.node(name) });
  const promised = new PromisedRoom({
    clusterOf: (name) => virtualNodes.clusterOf(name),
    podsBelow,
    // Pods with claims are not moved, so theirs are not known here.
    claimsBelow: new ClaimsBelow(() => undefined),
  });
  const pictures = new LowerPictures({
    source,
    upperCluster,
    patience,
    logger,
    onClusters: () => {
      virtualNodes.setClusters(pictures.clusters);
      promised.reviewAll();
    },
    onPod: (feed, key) => promised.lowerChanged(feed, key),
  });
  const memory = new Memory({ ...options.memory, upper });
  const remaking = new Remaking({ upper, namespace: options.memory.namespace, logger });
  const isKnown = () =>
    above.staleness === undefined &&
    pictures.isRead &&
    [...pictures.clusters.values()].every(({ feed }) => feed.staleness === undefined);
  const situation = () => {
    promised.defer();
    return new Situation({
      upper: above,
      virtualNodes,
      podsBelow,
      memory,
      isOurs: (name) => options.isOurs(above.node(name)?.metadata?.labels ?? {}),
      now: Date.now(),
      onError: (pod, error) =>
        logger.warn({ pod: keyOf(pod), message: describeError(error) }, 'a pod cannot be read'),
    });
  };
  const running = [
    above.run(ending.signal),
    pictures.run(ending.signal),
    ...(options.print ? [] : [remaking.run(ending.signal)]),
  ];
  const ended = Promise.all(running);
  let working: Promise<void> | undefined;
  try {
    await Promise.race([ended, known(isKnown, ending.signal)]);
    await memory.load();
    logger.info({ strategies: options.strategies.map(({ name }) => name) }, 'looks after virtual pods');
    const { signal: end } = ending;
    const round = rounds(options, end, { memory, remaking, staleness: () => above.staleness, situation });
    working = repeat(round, options.interval, end).then(() =>
      options.print ? undefined : remaking.finished(end),
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

/** One round after the other. Nothing is decided while the upper cluster is not known. */
function rounds(
  { upper, strategies, print, onOutcome, logger, ...options }: DeschedulerOptions,
  signal: AbortSignal,
  parts: {
    readonly memory: Memory;
    readonly remaking: Remaking;
    readonly staleness: () => string | undefined;
    readonly situation: () => Situation;
  },
): () => Promise<void> {
  const { memory, remaking, staleness, situation } = parts;
  const limits = new Limits(options.limits);
  const ahead = new RoomAhead();
  const recorder = new EventRecorder(upper, {
    component: 'isthmus-descheduler',
    host: '',
    onError: (error) => logger.warn({ message: describeError(error) }, 'an event was not written'),
  });
  const mover: RoundOptions['mover'] = print
    ? planner(limits, new JobPatience(upper))
    : new Mover({ upper, memory, limits, remaking, ahead, recorder, logger });
  return async () => {
    const stale = staleness();
    if (stale) return logger.warn({ message: stale }, 'nothing is moved now');
    const now = situation();
    ahead.expire(now.now);
    await runRound({
      strategies,
      situation: now,
      limits,
      mover,
      signal,
      onOutcome: (strategy, { moves }, outcome) => {
        onOutcome(strategy, outcome);
        if (outcome === 'moved') for (const move of moves) print?.(moveLine(strategy, move));
      },
    });
    logger.debug('a round is done');
  };
}

/** Counts what would be done. */
function planner(limits: Limits, jobs: JobPatience): RoundOptions['mover'] {
  return {
    async carryOut({ moves }, { now }) {
      const counted = moves.map(({ pod }) => ({
        node: pod.spec?.nodeName ?? '',
        owner: ownerKeyOf(pod),
      }));
      if (!limits.allow(counted)) return 'limited';
      for (const { pod } of moves) if (!(await jobs.bears(pod, moves.length))) return 'held';
      for (const one of counted) limits.spend(one, now);
      for (const { pod } of moves) jobs.lost(pod);
      return 'moved';
    },
  };
}

async function known(isKnown: () => boolean, signal: AbortSignal): Promise<void> {
  for (const end = performance.now() + firstPatience; !isKnown() && performance.now() < end; )
    await sleep(50, undefined, { signal });
}

async function repeat(
  round: () => Promise<void>,
  interval: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await round();
    if (interval === undefined) return;
    await sleep(interval, undefined, { signal }).catch(() => {});
  }
}
