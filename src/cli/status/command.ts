import type { CommandModule, InferredOptionTypes, Options } from 'yargs';

const statusFlags = {
  kubeconfig: {
    type: 'string',
    describe:
      'kubeconfig of the upper cluster; by default $KUBECONFIG, the clusters of "isthmus up", or ~/.kube/config',
  },
  output: {
    alias: 'o',
    type: 'string',
    describe: 'for people, or for programs (docs/operating.md has the fields)',
    choices: ['table', 'json', 'yaml'] as const,
    default: 'table' as const,
  },
  watch: {
    alias: 'w',
    type: 'boolean',
    describe: 'go on and show what changes, until Ctrl-C',
    default: false,
  },
} as const satisfies Record<string, Options>;

/** The flags of `isthmus status`. */
export type StatusFlags = InferredOptionTypes<typeof statusFlags>;

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
