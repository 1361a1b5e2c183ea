import type { CommandModule } from 'yargs';
import { type StatusFlags, statusFlags } from './flags.ts';

/** `isthmus status`: each virtual node, how full it is, and what is wrong with it. */
export const statusCommand: CommandModule<object, StatusFlags> = {
  command: 'status',
  describe:
    'show the virtual nodes: reachable or not, capacity, use, pods, and the reason for anything wrong',
  builder: (parser) =>
    parser
      .options(statusFlags)
      .epilog(
        [
          'Exit codes:',
          '  0  it was shown, whatever is wrong with the nodes; with --watch, until Ctrl-C or the reader left',
          '  1  the upper cluster cannot be asked',
          '  2  the command line is wrong',
        ].join('\n'),
      ),
  handler: async (flags) => {
    // Loaded only here, so that `--help` and the other commands do not pay for it.
    const { runStatus } = await import('./run.ts');
    await runStatus(flags);
  },
};
