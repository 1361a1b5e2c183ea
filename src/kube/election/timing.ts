/** All in milliseconds. */
export interface Timing {
  /** Without a sign of life for so long a replica is dead to the others. */
  readonly duration: number;
  /** Between two signs of life, and the longest that one may take. */
  readonly interval: number;
  /** Who could not give one for so long stops its work, well before the others take it. */
  readonly deadline: number;
  /** Between two names that are given up to spread them, and after any change of replicas before the first. */
  readonly calm: number;
}

/** The times that go with a duration: three signs of life may be lost, and work ends in two thirds of it. */
export function timingOf(duration: number): Timing {
  return { duration, interval: duration / 4, deadline: (duration * 2) / 3, calm: duration / 2 };
}
