import { admissionRefuses } from './admission.ts';
import { clockJump } from './clock.ts';
import type { Fault } from './fault.ts';
import { kill } from './kill.ts';
import { halfOpen, lossy, slow, watchesCut } from './lines.ts';
import { blip, partition } from './link.ts';
import { logOnFullDisk, logPipeClosed } from './logs.ts';
import { podsDeletedBelow } from './others.ts';
import { conflicts, internalErrors, tooMany } from './refusals.ts';
import { apiServerKilled, compacted, etcdKilled } from './servers.ts';
import { swapLeaders } from './swap.ts';
import { terminate } from './terminate.ts';
import { tokenExpired, tokenRotated } from './tokens.ts';

/** Everything that may go wrong, beside what random lives do all along. */
export const allFaults: readonly Fault[] = [
  ...[kill, kill, terminate, swapLeaders, clockJump, logOnFullDisk, logPipeClosed],
  ...[watchesCut, halfOpen, slow, lossy, blip, partition],
  ...[apiServerKilled, etcdKilled, compacted],
  ...[tooMany, internalErrors, conflicts, admissionRefuses],
  ...[tokenRotated, tokenExpired, podsDeletedBelow],
];
