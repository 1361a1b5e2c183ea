import type { Argv, InferredOptionTypes, Options } from 'yargs';
import { isNamespaceName } from '../kube/label-syntax.ts';
import { isLabelSelector } from '../kube/selector.ts';
import { commonFlags } from './common-flags.ts';
import { parseDuration } from './duration.ts';
import { leaseDurationOf } from './lease-duration.ts';
import { lowerClustersFlags, notOneSource, sourcesIn } from './lower-clusters-flags.ts';
import { parseNamespacedName } from './namespaced-name.ts';
import { providerFlags } from './provider-flags.ts';

/** tensile-kube's names where it has them. */
const deschedulerFlags = {
  kubeconfig: commonFlags.kubeconfig,
  ...lowerClustersFlags,
  'policy-config-file': {
    type: 'string',
    describe: 'DeschedulerPolicy that says which strategies are at work; LowerUnschedulable alone by default',
  },
  'descheduling-interval': {
    type: 'string',
    describe: 'time between two rounds; 0 for one round alone',
    default: '30s',
  },
  'max-pods-to-evict-per-node': {
    type: 'number',
    describe: 'pods that may be moved from one virtual node in a round',
    default: 10,
  },
  'max-pods-to-evict-per-owner': {
    type: 'number',
    describe: 'pods of one controller that may be moved in a minute',
    default: 5,
  },
  'max-pods-to-evict-per-minute': {
    type: 'number',
    describe: 'pods that may be moved in a minute',
    default: 30,
  },
  'dry-run': { type: 'boolean', describe: 'print what one round would do, and do nothing', default: false },
  'node-selector': {
    type: 'string',
    describe: 'move pods away from virtual nodes with these labels only',
  },
  'avoid-for': {
    type: 'string',
    describe: 'how long pods are kept from a node that had no place; twice as long each time after',
    default: '5m',
  },
  'avoid-at-most': { type: 'string', describe: 'how long they are kept from it at most', default: '1h' },
  tried: {
    type: 'string',
    describe: 'NAMESPACE/NAME of the ConfigMap that remembers it; the webhook reads it',
    default: 'isthmus-system/isthmus-tried',
  },
  'remaking-namespace': {
    type: 'string',
    describe: 'namespace above that keeps pods without an owner, as Secrets, while they are made again',
    default: 'isthmus-remaking',
  },
  'stale-after': {
    type: 'string',
    describe: 'how long a lower cluster is believed that cannot be watched; then nothing is moved there',
    default: '15s',
  },
  'leader-elect': { type: 'boolean', describe: 'let one replica of several work', default: false },
  'leader-elect-lease-duration': providerFlags['leader-elect-lease-duration'],
  'leader-elect-resource-namespace': providerFlags['leader-elect-resource-namespace'],
  'metrics-addr': providerFlags['metrics-addr'],
  'enable-profiling': providerFlags['enable-profiling'],
  'log-level': commonFlags['log-level'],
} as const satisfies Record<string, Options>;

/** The flags of `isthmus descheduler`. */
export type DeschedulerFlags = InferredOptionTypes<typeof deschedulerFlags>;

const counts = [
  'max-pods-to-evict-per-node',
  'max-pods-to-evict-per-owner',
  'max-pods-to-evict-per-minute',
] as const;
const durations = ['descheduling-interval', 'avoid-for', 'avoid-at-most', 'stale-after'] as const;

/** Adds the flags and the checks that need no cluster. */
export function addDeschedulerFlags(parser: Argv) {
  return parser
    .options(deschedulerFlags)
    .check((flags) => {
      if (sourcesIn(flags) !== 1) throw new Error(notOneSource);
      for (const name of counts)
        if (!(Number.isInteger(flags[name]) && flags[name] > 0))
          throw new Error(`--${name} must be a number above 0`);
      for (const name of durations) parseDuration(name, flags[name]);
      leaseDurationOf(flags);
      parseNamespacedName('tried', flags.tried);
      if (!isNamespaceName(flags['remaking-namespace']))
        throw new Error(`--remaking-namespace is "${flags['remaking-namespace']}"; name a namespace`);
      if (flags['node-selector'] && !isLabelSelector(flags['node-selector']))
        throw new Error(`--node-selector is "${flags['node-selector']}"; write it as key=value,other!=value`);
      return true;
    })
    .epilog(
      [
        'Examples:',
        '  isthmus descheduler --kubeconfig upper.yaml --clusters clusters.yaml --dry-run',
        '  isthmus descheduler --cluster-secrets isthmus-system --policy-config-file policy.yaml --leader-elect',
      ].join('\n'),
    );
}
