import { type Fault, programNames, programOf } from './fault.ts';

/** The clock of a program jumps an hour ahead, and back again: test/chaos/clock.mjs. */
export const clockJump: Fault = {
  kind: 'clock jumps',
  seconds: [5, 15],
  targets: programNames,
  async begin(world, target) {
    const program = programOf(world, target);
    const { pid } = program;
    program.signal('SIGUSR2');
    return {
      what: `${target} is an hour ahead`,
      end: async () => {
        if (program.pid === pid) program.signal('SIGUSR2');
      },
    };
  },
};
