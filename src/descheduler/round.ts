import { setImmediate as othersTurn } from 'node:timers/promises';
import { keyOf } from '../kube/resources.ts';
import type { Limits } from './limits.ts';
import type { MoveOutcome, Mover } from './mover.ts';
import type { ActiveStrategy } from './policy.ts';
import type { Situation } from './situation.ts';
import type { Move, Proposal } from './strategy.ts';

export interface RoundOptions {
  readonly strategies: readonly ActiveStrategy[];
  readonly situation: Situation;
  readonly limits: Limits;
  readonly mover: Pick<Mover, 'carryOut'>;
  /** Nothing more is begun once it aborts. */
  readonly signal: AbortSignal;
  /** Told how each proposal ended. */
  readonly onOutcome: (strategy: string, proposal: Proposal, outcome: MoveOutcome) => void;
}

/** After so many milliseconds watches and health checks get their turn. */
const longestTurn = 20;

/** Lets each strategy propose, and does what may be done. A pod is moved once in a round. */
export async function runRound(options: RoundOptions): Promise<void> {
  const { strategies, situation, limits, mover, signal, onOutcome } = options;
  const moved = new Set<string>();
  limits.begin(situation.now);
  let since = performance.now();
  for (const { name, propose } of strategies) {
    for (const proposal of propose(situation)) {
      if (signal.aborted || limits.isExhausted) return;
      if (performance.now() - since > longestTurn) {
        await othersTurn();
        since = performance.now();
      }
      if (!proposal) continue;
      const keys = proposal.moves.map(({ pod }) => keyOf(pod));
      if (keys.some((key) => moved.has(key))) continue;
      const outcome = await mover.carryOut(proposal, situation);
      for (const key of keys) moved.add(key);
      onOutcome(name, proposal, outcome);
    }
  }
}

/** A move as the plan shows it. */
export function moveLine(strategy: string, { pod, to, because }: Move): string {
  const from = pod.spec?.nodeName ?? 'no node';
  return `${strategy}: ${keyOf(pod)} from ${from} to ${to.join(' or ')}: ${because}`;
}
