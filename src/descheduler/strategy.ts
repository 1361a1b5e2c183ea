import type { z } from 'zod';
import type { Pod } from '../kube/types.ts';
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

/** What a strategy proposes with its parameters, one by one: nothing is looked for that may not be done any more. */
export type Propose = (situation: Situation) => IterableIterator<Proposal>;

/** What is proposed for each pod that waits. A pod of which nothing can be said is told about, and stops no other. */
export function* forEachPending(
  situation: Situation,
  propose: (pod: Pod) => Proposal | undefined,
): IterableIterator<Proposal> {
  for (const pod of situation.pending()) {
    let proposal: Proposal | undefined;
    try {
      proposal = propose(pod);
    } catch (error) {
      situation.tell(pod, error);
    }
    if (proposal) yield proposal;
  }
}

/** A reason to move pods. It looks and proposes, and touches nothing. */
export interface Strategy {
  readonly name: string;
  /** Whether it is at work where no policy says so. */
  readonly isDefault: boolean;
  /** Reads `params` of the policy; what is missing has a default. */
  readonly parameters: z.ZodType<Propose>;
}
