import type { InferredOptionTypes, Options } from 'yargs';
import { lowerClustersFlags } from '../lower-clusters-flags.ts';
import { statusFlags } from '../status/flags.ts';

/** The flags of `isthmus explain`. */
export const explainFlags = {
  kubeconfig: statusFlags.kubeconfig,
  ...lowerClustersFlags,
  timeout: {
    type: 'string',
    describe: 'how long lower clusters have to answer; of the others it is said that they did not',
    default: '10s',
  },
  output: {
    alias: 'o',
    type: 'string',
    describe: 'for people, or for programs (docs/scheduling.md has the fields)',
    choices: ['text', 'json'] as const,
    default: 'text' as const,
  },
} as const satisfies Record<string, Options>;

export type ExplainFlags = { kind: 'pod'; name: string } & InferredOptionTypes<typeof explainFlags>;
