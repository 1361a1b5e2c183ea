import { type Fault, programNames, programOf } from './fault.ts';

/** SIGTERM of a program, as in a roll-out; it is started again after a while. */
export const terminate: Fault = {
  kind: 'SIGTERM',
  seconds: [0, 6],
  targets: programNames,
  async begin(world, target) {
    const program = programOf(world, target);
    await program.stop();
    return { what: `SIGTERM of ${target}`, end: () => program.start() };
  },
};
