import type { InferredOptionTypes, Options } from 'yargs';

/** The flags of `isthmus status`. */
export const statusFlags = {
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

export type StatusFlags = InferredOptionTypes<typeof statusFlags>;
