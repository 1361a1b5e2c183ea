/** A delay that doubles from `first` to `most` milliseconds, each time drawn from its upper half. */
export interface Backoff {
  first: number;
  most: number;
  random?: () => number;
}

/**
 * How long to wait after so many failures in a row (1 for the first), in milliseconds. The jitter keeps
 * clients that failed together from coming back together.
 */
export function backoffDelay({ first, most, random = Math.random }: Backoff, failures: number): number {
  const full = Math.min(most, first * 2 ** Math.min(failures - 1, 30));
  return full * (0.5 + random() / 2);
}
