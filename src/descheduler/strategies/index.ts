import type { Strategy } from '../strategy.ts';
import { fragmentation } from './fragmentation.ts';
import { lowerUnschedulable } from './lower-unschedulable.ts';
import { podLifeTime } from './pod-life-time.ts';

/** In the order in which they are asked. */
export const strategies: readonly Strategy<never>[] = [lowerUnschedulable, podLifeTime, fragmentation];
