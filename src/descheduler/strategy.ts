import type { z } from 'zod';
import type { Pod } from '../kube/types.ts';
import type { Situation } from './situation.ts';

/** A pod that should go, so that it or another finds a place. */
export interface Move {
  readonly pod: Pod;
  /** Virtual nodes that can take it now, the one it is on not among them unless it will have room there. */
  readonly to: readonly string[];
  /** The virtual node that the pods of its owner are to be kept from for a while; undefined for none. */
  readonly avoid: string | undefined;
  /** One clause for people, such as `no lower node of vk-a takes it since 90 s`. */
  readonly because: string;
}

/** Moves that are of use together only. */
export interface Proposal {
  readonly moves: readonly Move[];
  /** Remembered as tried, so that what did not help is not done again soon; undefined where a move remembers. */
  readonly remember?: { readonly key: string; readonly node: string };
}

/** A reason to move pods. Pure: it looks and proposes, and touches nothing. */
export interface Strategy<Parameters> {
  readonly name: string;
  /** Reads `params` of the policy; what is missing has a default. */
  readonly parameters: z.ZodType<Parameters>;
  /** Whether it is at work where no policy says so. */
  readonly isDefault: boolean;
  /** Proposals one by one, so that nothing is looked for that nobody may do any more. */
  propose(situation: Situation, parameters: Parameters): IterableIterator<Proposal>;
}
