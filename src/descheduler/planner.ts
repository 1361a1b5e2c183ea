import { countedAs, type Limits } from './limits.ts';
import type { Mover } from './mover.ts';

/** Does nothing but count what would be done. */
export function planner(limits: Limits): Pick<Mover, 'carryOut'> {
  return {
    async carryOut({ moves }, { now }) {
      const counted = moves.map(countedAs);
      if (!limits.allow(counted)) return 'limited';
      for (const one of counted) limits.spend(one, now);
      return 'moved';
    },
  };
}
