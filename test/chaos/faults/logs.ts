import type { LogPlace } from '../program.ts';
import { type Fault, programNames, programOf } from './fault.ts';

/** A program is started again with nowhere to log to, and must work all the same. */
function logTo(kind: string, place: LogPlace): Fault {
  return {
    kind,
    seconds: [8, 15],
    targets: programNames,
    async begin(world, target) {
      const program = programOf(world, target);
      await program.kill();
      await program.start(place);
      return {
        what: `${target} logs to a ${place}`,
        async end() {
          await program.stop();
          await program.start();
        },
      };
    },
  };
}

/** Every line fails with ENOSPC. */
export const logOnFullDisk = logTo('log on a full disk', 'full disk');

/** Every line fails with EPIPE. */
export const logPipeClosed = logTo('log pipe closed', 'closed pipe');
