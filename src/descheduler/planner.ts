import type { JobPatience } from './job-patience.ts';
import { countedAs, type Limits } from './limits.ts';
import type { Mover } from './mover.ts';

/** Does nothing but count what would be done. */
export function planner(limits: Limits, jobs: JobPatience): Pick<Mover, 'carryOut'> {
  return {
    async carryOut({ moves }, { now }) {
      const counted = moves.map(countedAs);
      if (!limits.allow(counted)) return 'limited';
      for (const { pod } of moves) if (!(await jobs.bears(pod, moves.length))) return 'held';
      for (const one of counted) limits.spend(one, now);
      for (const { pod } of moves) jobs.lost(pod);
      return 'moved';
    },
  };
}
