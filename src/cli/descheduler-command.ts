import type { CommandModule } from 'yargs';
import { addDeschedulerFlags, type DeschedulerFlags } from './descheduler-flags.ts';

/** `isthmus descheduler`: moves virtual pods to where they fit, until a signal ends it. */
export const deschedulerCommand: CommandModule<object, DeschedulerFlags> = {
  command: 'descheduler',
  describe: 'move virtual pods that their lower cluster cannot place to one that can',
  builder: addDeschedulerFlags,
  handler: async (flags) => {
    // Loaded only here, so that `--help` and the other commands do not pay for it.
    const { runDeschedulerCommand } = await import('./descheduler.ts');
    await runDeschedulerCommand(flags);
  },
};
