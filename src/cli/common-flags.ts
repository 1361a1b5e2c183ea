import type { Options } from 'yargs';
import { logLevels } from '../kube/log-level.ts';

/** What every program that runs until it is stopped is told alike. */
export const commonFlags = {
  kubeconfig: {
    type: 'string',
    describe:
      'kubeconfig of the upper cluster, where people use kubectl; in a pod its service account by default',
  },
  'log-level': {
    type: 'string',
    describe: 'how much is logged',
    choices: Object.keys(logLevels) as (keyof typeof logLevels)[],
    default: 'info' as const,
  },
} as const satisfies Record<string, Options>;
