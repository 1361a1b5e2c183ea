import type { Argv, InferredOptionTypes, Options } from 'yargs';
import { KubeError } from '../kube/errors.ts';
import { type ListenAddress, parseListenAddress } from '../operations/address.ts';
import { rankStrategies } from '../scheduling/rank.ts';
import { commonFlags } from './common-flags.ts';
import { parseDuration } from './duration.ts';
import { lowerClustersFlags, notOneSource, sourcesIn } from './lower-clusters-flags.ts';

/** The flags of `isthmus multischeduler`. */
const multischedulerFlags = {
  kubeconfig: commonFlags.kubeconfig,
  ...lowerClustersFlags,
  address: {
    type: 'string',
    describe: 'HOST:PORT where kube-scheduler calls us; :PORT for all addresses',
    default: '127.0.0.1:10290',
  },
  'tls-cert-file': { type: 'string', describe: 'certificate to serve with' },
  'tls-private-key-file': { type: 'string', describe: 'its key' },
  'cert-dir': {
    type: 'string',
    describe:
      'folder for a certificate of our own; ca.crt in it is what kube-scheduler is given (tlsConfig.caFile)',
  },
  'cert-names': {
    type: 'string',
    describe: 'names and addresses, separated by commas, for which our own certificate is good, too',
  },
  'client-ca-file': {
    type: 'string',
    describe: 'serve only callers with a certificate that this authority has signed',
  },
  strategy: {
    type: 'string',
    describe: 'how lower clusters that can take a pod are ranked',
    choices: rankStrategies,
    default: 'least-allocated' as const,
  },
  offer: {
    type: 'string',
    describe:
      'how many of the virtual nodes that can take a pod kube-scheduler is told of: the best one, or several that it ranks',
    choices: ['one', 'several'] as const,
    default: 'one' as const,
  },
  'stale-after': {
    type: 'string',
    describe: 'how long a lower cluster is believed that cannot be watched; then it gets no pods',
    default: '15s',
  },
  'log-level': commonFlags['log-level'],
} as const satisfies Record<string, Options>;

export type MultischedulerFlags = InferredOptionTypes<typeof multischedulerFlags>;

/** Adds the flags and the checks that need no cluster. */
export function addMultischedulerFlags(parser: Argv) {
  return parser
    .options(multischedulerFlags)
    .check((flags) => {
      if (sourcesIn(flags) !== 1) throw new Error(notOneSource);
      listenAddressOf(flags);
      parseDuration('stale-after', flags['stale-after']);
      if (Boolean(flags['tls-cert-file']) !== Boolean(flags['tls-private-key-file']))
        throw new Error('--tls-cert-file and --tls-private-key-file go together');
      if (flags['tls-cert-file'] && flags['cert-dir'])
        throw new Error('--cert-dir is for a certificate of our own; leave it out with --tls-cert-file');
      return true;
    })
    .epilog(
      [
        'Plain HTTP, without --tls-cert-file and --cert-dir, is served on loopback addresses only.',
        '',
        'Examples:',
        '  isthmus multischeduler --kubeconfig upper.yaml --clusters clusters.yaml',
        '  isthmus multischeduler --cluster-secrets isthmus-system --address :10290 --cert-dir /var/lib/isthmus',
        '',
        'deploy/kube-scheduler.yaml is the configuration with which a stock kube-scheduler calls it.',
      ].join('\n'),
    );
}

/** Where kube-scheduler calls us. @throws KubeError `Configuration` */
export function listenAddressOf(flags: Pick<MultischedulerFlags, 'address'>): ListenAddress {
  const address = parseListenAddress('--address', flags.address);
  if (!address) throw new KubeError('Configuration', '--address is empty; write it as HOST:PORT or :PORT');
  return address;
}
