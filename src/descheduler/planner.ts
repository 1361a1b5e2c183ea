import type { Client } from '../kube/client.ts';
import { describeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import { keyOf } from '../kube/resources.ts';
import { JobPatience } from './job-patience.ts';
import { countedAs, type Limits } from './limits.ts';
import type { Mover } from './mover.ts';
import { tryMoves } from './trials.ts';

/** Does nothing but ask what would be done, and count it. */
export function planner(upper: Client, limits: Limits, logger: Logger): Pick<Mover, 'carryOut'> {
  const jobs = new JobPatience(upper);
  return {
    async carryOut({ moves }, { now }) {
      const counted = moves.map(countedAs);
      if (!limits.allow(counted)) return 'limited';
      try {
        const became = await tryMoves(upper, jobs, moves);
        if (became !== 'going') return became;
      } catch (error) {
        const [{ pod } = {}] = moves;
        logger.warn({ pod: pod && keyOf(pod), message: describeError(error) }, 'a pod would not be moved');
        return 'failed';
      }
      for (const one of counted) limits.spend(one, now);
      for (const { pod } of moves) jobs.lost(pod);
      return 'moved';
    },
  };
}
