import type { z } from 'zod';
import type { Pod } from '../kube/types.ts';
import type { Situation } from './situation.ts';

/** A pod that should go, so that it or another finds a place. */
export interface Move {
  readonly pod: Pod;
  /** Virtual nodes that can take it then. */
  readonly to: readonly string[];
  /** The virtual node that pods of its owner are kept from for a while; undefined for none. */
  readonly avoid: string | undefined;
  /** One clause for people, such as `vk-a has had no room for 90 s`. */
  readonly because: string;
}

/** Moves that are of use together only. */
export interface Proposal {
  readonly moves: readonly Move[];
  /** Remembered as tried, besides what the moves avoid, so that what did not help is not done again soon. */
  readonly remember?: { readonly key: string; readonly node: string };
}

/** What a strategy proposes with its parameters, one by one: nothing is looked for that may not be done any more. */
export type Propose = (situation: Situation) => IterableIterator<Proposal>;

/** A reason to move pods. It looks and proposes, and touches nothing. */
export interface Strategy {
  readonly name: string;
  /** Whether it is at work where no policy says so. */
  readonly isDefault: boolean;
  /** Reads `params` of the policy; what is missing has a default. */
  readonly parameters: z.ZodType<Propose>;
}
