import { parseDuration } from './duration.ts';

/** With less, a replica that is only slow is taken for dead; in milliseconds. */
const leastDuration = 2_000;

/** For how long a silent replica counts as living, in milliseconds. @throws Error naming the flag */
export function leaseDurationOf(flags: { readonly 'leader-elect-lease-duration': string }): number {
  const duration = parseDuration('leader-elect-lease-duration', flags['leader-elect-lease-duration']);
  if (duration < leastDuration) throw new Error('--leader-elect-lease-duration must be 2s or more');
  return duration;
}
