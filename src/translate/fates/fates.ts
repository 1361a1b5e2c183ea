import { containerFates } from './container.ts';
import type { Fates } from './fate.ts';
import { metadataFates } from './metadata.ts';
import { podSpecFates, schedulingFates } from './pod-spec.ts';
import { podStatusFates } from './pod-status.ts';
import { volumeFates } from './volume.ts';

/**
 * What becomes of every field of a pod, by the name of its type in the API. docs/pod-fields.md is made from it,
 * and a test on a real API server fails for a field without a fate.
 */
export const fates: Readonly<Record<string, Fates>> = {
  ObjectMeta: metadataFates,
  PodSpec: podSpecFates,
  ...schedulingFates,
  ...containerFates,
  ...volumeFates,
  ...podStatusFates,
};
