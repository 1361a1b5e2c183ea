import { type Fault, programNames, programOf } from './fault.ts';

/** SIGKILL of a program, which is started again after a while, as by a kubelet or systemd. */
export const kill: Fault = {
  kind: 'kill -9',
  seconds: [1, 8],
  targets: programNames,
  async begin(world, target) {
    const program = programOf(world, target);
    await program.kill();
    return { what: `SIGKILL of ${target}`, end: () => program.start() };
  },
};
