import { fragmentation } from './fragmentation.ts';
import { lowerUnschedulable } from './lower-unschedulable.ts';
import { podLifeTime } from './pod-life-time.ts';

/** In the order in which they are asked. */
export const strategies = [lowerUnschedulable, podLifeTime, fragmentation] as const;
