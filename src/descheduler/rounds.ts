import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../kube/client.ts';
import { describeError } from '../kube/errors.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import type { Logger } from '../kube/logger.ts';
import { type LimitOptions, Limits } from './limits.ts';
import type { Memory } from './memory.ts';
import { Mover } from './mover.ts';
import { planner } from './planner.ts';
import type { ActiveStrategy } from './policy.ts';
import type { Remaking } from './remaking.ts';
import { RoomAhead } from './room-ahead.ts';
import { moveLine, type RoundOptions, runRound } from './round.ts';
import type { Situation } from './situation.ts';

export interface RoundsOptions {
  readonly upper: Client;
  readonly strategies: readonly ActiveStrategy[];
  readonly limits: LimitOptions;
  /** Milliseconds between two rounds; undefined for one round alone. */
  readonly interval: number | undefined;
  /** Takes the plan line by line, and then nothing is done. */
  readonly print: ((line: string) => void) | undefined;
  readonly onOutcome: (strategy: string, outcome: string) => void;
  readonly logger: Logger;
}

/** What rounds look at and work with. */
export interface RoundsParts {
  readonly memory: Memory;
  readonly remaking: Remaking;
  /** Why nothing can be decided now, in words; undefined when all is well. */
  readonly staleness: () => string | undefined;
  /** How it is now. */
  readonly situation: () => Situation;
}

/** One round after the other, until the signal aborts or the only one is done. */
export async function runRounds(
  options: RoundsOptions,
  parts: RoundsParts,
  signal: AbortSignal,
): Promise<void> {
  const round = roundOf(options, parts, signal);
  while (!signal.aborted) {
    await round();
    if (options.interval === undefined) return;
    await sleep(options.interval, undefined, { signal }).catch(() => {});
  }
}

/** Nothing is decided while the upper cluster is not known. */
function roundOf(
  { upper, strategies, print, onOutcome, logger, ...options }: RoundsOptions,
  { memory, remaking, staleness, situation }: RoundsParts,
  signal: AbortSignal,
): () => Promise<void> {
  const limits = new Limits(options.limits);
  const ahead = new RoomAhead();
  const recorder = new EventRecorder(upper, {
    component: 'isthmus-descheduler',
    host: '',
    onError: (error) => logger.warn({ message: describeError(error) }, 'an event was not written'),
  });
  const mover: RoundOptions['mover'] = print
    ? planner(upper, limits, logger)
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
