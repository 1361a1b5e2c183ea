import type { Found } from './compare.ts';

/** A difference that stays, and why. The words for users are in docs/pods.md. */
export interface Difference {
  readonly path: RegExp;
  /** Of the case; any by default. */
  readonly pod?: RegExp;
  /** What it is directly and through the virtual node; nothing matches an empty text. */
  readonly direct?: RegExp;
  readonly virtual?: RegExp;
  readonly why: string;
}

/** All differences that stay. */
export const differences: readonly Difference[] = [];

/** The entry that a difference is found under. */
export function knownAs(pod: string, found: Found): Difference | undefined {
  return differences.find(
    (known) =>
      known.path.test(found.path) &&
      (known.pod?.test(pod) ?? true) &&
      (known.direct?.test(found.direct ?? '') ?? true) &&
      (known.virtual?.test(found.virtual ?? '') ?? true),
  );
}
