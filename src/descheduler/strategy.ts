import type { z } from 'zod';
import { keyOf } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';
import type { Search } from '../scheduling/search.ts';
import type { Situation } from './situation.ts';

/** A pod that should go, so that it or another finds a place. */
export interface Move {
  readonly pod: Pod;
  /** Virtual nodes that can take it then. */
  readonly to: readonly string[];
  /**
   * What pods of its owner are kept from for a while: a virtual node, or a node behind one (`lowerNodeKey`), where they
   * would come back as it is the emptiest now; undefined for nothing.
   */
  readonly avoid: string | undefined;
  /** One clause for people, such as `vk-a has had no room for 90 s`. */
  readonly because: string;
}

/** Moves that are of use together only. */
export interface Proposal {
  readonly moves: readonly Move[];
  /**
   * Remembered as tried, besides what the moves avoid: what did not help is not done again for `first` milliseconds,
   * and twice as long each time after.
   */
  readonly remember?: { readonly key: string; readonly node: string; readonly first: number };
}

/**
 * What a strategy proposes with its parameters, one by one: nothing is looked for that may not be done any more. In
 * between it yields nothing now and then, so that others get their turn while it looks.
 */
export type Propose = (situation: Situation) => IterableIterator<Proposal | undefined>;

/** What is proposed for each pod that waits. A pod of which nothing can be said is told about, and stops no other. */
export function* forEachPending(
  situation: Situation,
  propose: (pod: Pod) => Proposal | undefined | Search<Proposal>,
): IterableIterator<Proposal | undefined> {
  for (const pod of situation.pending()) {
    // It has changed since the round began: the next one looks at it.
    if (situation.upperPod(keyOf(pod)) !== pod) continue;
    let proposal: Proposal | undefined;
    try {
      const found = propose(pod);
      proposal = found && 'next' in found ? yield* found : found;
    } catch (error) {
      situation.tell(pod, error);
    }
    yield proposal;
  }
}

/** A reason to move pods. It looks and proposes, and touches nothing. */
export interface Strategy<Parameters = unknown> {
  readonly name: string;
  /** Whether it is at work where no policy says so. */
  readonly isDefault: boolean;
  /** Reads `params` of the policy; what is missing has a default, also when there is nothing. */
  readonly parameters: z.ZodType<Parameters>;
  /** The strategy at work; it may remember from one round to the next what it looked for. */
  create(parameters: Parameters): Propose;
}
