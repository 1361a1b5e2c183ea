import type { Client } from '../kube/client.ts';
import { controllerOf } from '../kube/controller-of.ts';
import { describeError } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import { type Evicted, evict } from '../kube/eviction.ts';
import type { Logger } from '../kube/logger.ts';
import { keyOf, pods } from '../kube/resources.ts';
import { avoidedNow } from '../translate/tried.ts';
import { JobPatience } from './job-patience.ts';
import { countedAs, type Limits } from './limits.ts';
import type { Memory } from './memory.ts';
import { ownerKeyOf } from './owner.ts';
import type { Remaking } from './remaking.ts';
import type { RoomAhead } from './room-ahead.ts';
import type { Situation } from './situation.ts';
import type { Move, Proposal } from './strategy.ts';
import { isWaiting, tryMoves } from './trials.ts';

export interface MoverOptions {
  readonly upper: Client;
  readonly memory: Pick<Memory, 'remember' | 'tried'>;
  readonly limits: Limits;
  readonly remaking: Pick<Remaking, 'prepare' | 'begin'>;
  readonly ahead: Pick<RoomAhead, 'hold'>;
  readonly recorder: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
}

/** For so long a lower node is left to the pod for which it was emptied, in milliseconds: the next one comes at once. */
const leftToOthers = 60_000;

/** How a proposal ended; `unknown` when nobody said in time whether a pod would go. */
export type MoveOutcome = 'moved' | 'limited' | 'held' | 'gone' | 'unknown' | 'failed';

/** Does what strategies propose, within the limits. */
export class Mover {
  readonly #options: MoverOptions;
  readonly #jobs: JobPatience;

  constructor(options: MoverOptions) {
    this.#options = options;
    this.#jobs = new JobPatience(options.upper);
  }

  /** All moves of a proposal or, as far as disruption budgets can be asked before, none. Never rejects. */
  async carryOut(proposal: Proposal, situation: Situation): Promise<MoveOutcome> {
    const { limits, memory, logger } = this.#options;
    const { moves, remember } = proposal;
    if (!limits.allow(moves.map(countedAs))) return 'limited';
    try {
      const tried = await tryMoves(this.#options.upper, this.#jobs, moves);
      if (tried !== 'going') return tried;
      if (remember) await memory.remember(remember.key, remember.node, situation.now, remember.first);
      let outcome: MoveOutcome = 'moved';
      for (const move of moves) {
        const became = await this.#move(move, situation);
        if (became === 'held' || became === 'gone') return became;
        // Who may be going counts as gone, and the others would have gone in vain without it.
        if (became === 'unknown') outcome = became;
        limits.spend(countedAs(move), situation.now);
        this.#jobs.lost(move.pod);
      }
      return outcome;
    } catch (error) {
      const [{ pod } = {}] = moves;
      logger.warn({ pod: pod && keyOf(pod), message: describeError(error) }, 'a pod is not moved');
      return 'failed';
    }
  }

  async #move(move: Move, situation: Situation): Promise<Evicted> {
    const { upper, memory, remaking, recorder, logger } = this.#options;
    const { pod, to, avoid, because } = move;
    const isOwned = controllerOf(pod) !== undefined;
    const alone = isOwned ? undefined : await remaking.prepare(pod);
    if (!isOwned && !alone) return 'gone';
    const life = avoid?.includes('/') ? leftToOthers : undefined;
    // Before it goes: whoever makes the next one asks the webhook at once.
    const owner = ownerKeyOf(pod);
    if (avoid) await memory.remember(owner, avoid, situation.now, life);
    this.#holdRoom(move, situation);
    const became = alone
      ? await remaking.begin(alone, avoidedNow(memory.tried(owner), situation.now))
      : (await evict(upper, pod, { isUnchanged: isWaiting(pod) })).became;
    if (became !== 'going') return became;
    const message = `moved from ${pod.spec?.nodeName ?? 'no node'}, for ${to.join(' or ')}: ${because}`;
    recorder.record(pods, pod, { type: 'Normal', reason: 'Descheduled', message });
    logger.info({ pod: keyOf(pod), from: pod.spec?.nodeName, to, because }, 'a pod is moved');
    return 'going';
  }

  #holdRoom({ pod, to: [first] }: Move, situation: Situation): void {
    const cluster = first === undefined ? undefined : situation.clusterOf(first);
    if (cluster) this.#options.ahead.hold(situation.below(pod, cluster), cluster, situation.now);
  }
}
