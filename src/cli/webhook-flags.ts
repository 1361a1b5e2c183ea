import type { Argv, InferredOptionTypes, Options } from 'yargs';
import { commonFlags } from './common-flags.ts';
import { parseDuration } from './duration.ts';
import { parseNamespacedName } from './namespaced-name.ts';
import { providerFlags } from './provider-flags.ts';

/** Flags of tensile-kube's webhook that start lines carry and that change nothing here. */
export const webhookFlagsWithoutEffect = ['incluster', 'v'] as const;

/** tensile-kube's names, so that its start lines go on working. */
const webhookFlags = {
  tlscert: {
    type: 'string',
    describe: 'file of the serving certificate, with --tlskey; without them we make and renew one ourselves',
  },
  tlskey: { type: 'string', describe: 'file of its private key' },
  CA: {
    type: 'string',
    describe: 'file of the authority of callers: the API server must then have a client certificate of it',
  },
  port: { type: 'number', describe: 'port of the webhook, HTTPS', default: 8080 },
  address: { type: 'string', describe: 'address to listen on', default: '0.0.0.0' },
  kubeconfig: commonFlags.kubeconfig,
  'ignore-selector-keys': {
    type: 'string',
    describe: 'keys of labels, separated by commas, that stay above because they speak of virtual nodes',
    default: 'clusterID',
  },
  'taint-key': {
    type: 'string',
    describe: 'key of the taint of virtual nodes, which virtual pods tolerate',
    default: process.env['VKUBELET_TAINT_KEY'] || 'virtual-kubelet.io/provider',
    defaultDescription: '$VKUBELET_TAINT_KEY or virtual-kubelet.io/provider',
  },
  configuration: {
    type: 'string',
    describe: 'the MutatingWebhookConfiguration that is made to trust our own certificate',
    default: 'isthmus-webhook',
  },
  secret: {
    type: 'string',
    describe: 'NAMESPACE/NAME of the Secret through which replicas share what signs their certificates',
    default: 'isthmus-webhook/isthmus-webhook',
  },
  tried: {
    type: 'string',
    describe: 'NAMESPACE/NAME of the ConfigMap where the descheduler keeps nodes that had no place',
    default: 'isthmus-system/isthmus-tried',
  },
  'certificate-lifetime': {
    type: 'string',
    describe: 'how long a certificate of our own is good; it is renewed when a third of that is left',
    default: '720h',
  },
  'metrics-addr': providerFlags['metrics-addr'],
  'enable-profiling': providerFlags['enable-profiling'],
  'log-level': commonFlags['log-level'],
  incluster: { type: 'boolean', describe: 'taken for the sake of old start lines; no effect' },
  v: { type: 'string', describe: 'taken for the sake of old start lines; no effect: use --log-level' },
} as const satisfies Record<string, Options>;

/** The flags of `isthmus webhook`. */
export type WebhookFlags = InferredOptionTypes<typeof webhookFlags>;

/** Adds the flags and the checks that need no cluster. */
export function addWebhookFlags(parser: Argv) {
  return parser
    .options(webhookFlags)
    .check((flags) => {
      if (!(Number.isInteger(flags.port) && flags.port >= 0 && flags.port < 65_536))
        throw new Error('--port must be a port');
      if (Boolean(flags.tlscert) !== Boolean(flags.tlskey))
        throw new Error('--tlscert and --tlskey go together; one of them is missing');
      for (const name of ['secret', 'tried'] as const) parseNamespacedName(name, flags[name]);
      if (parseDuration('certificate-lifetime', flags['certificate-lifetime']) < 3_000)
        throw new Error('--certificate-lifetime must be 3s or more');
      return true;
    })
    .epilog('Example:\n  isthmus webhook --kubeconfig upper.yaml --port 8443');
}
