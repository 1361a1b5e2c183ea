import type { Argv, InferredOptionTypes, Options } from 'yargs';
import { refusable } from '../translate/policy.ts';
import { serviceAccountModes } from '../translate/service-account.ts';
import { defaultServiceSettings, networks } from '../translate/services/settings.ts';
import { commonFlags } from './common-flags.ts';
import { leaseDurationOf } from './lease-duration.ts';

/** Only for this machine: metrics name clusters and virtual nodes. The port is tensile-kube's. */
export const defaultOperationsAddress = '127.0.0.1:10255';

/** Flags of tensile-kube's provider that start lines carry and that change nothing here yet. */
export const flagsWithoutEffect = ['klog.v'] as const;

/** The flags of `isthmus provider`: tensile-kube's names, so that its start lines go on working. */
export const providerFlags = {
  nodename: {
    type: 'string',
    describe: 'name of the virtual node above',
    default: process.env['DEFAULTNODE_NAME'] ?? 'virtual-kubelet',
    defaultDescription: '$DEFAULTNODE_NAME or virtual-kubelet',
  },
  provider: { type: 'string', describe: 'value of the taint virtual-kubelet.io/provider', default: 'k8s' },
  kubeconfig: commonFlags.kubeconfig,
  'client-kubeconfig': {
    type: 'string',
    describe: 'kubeconfig of the one lower cluster, where containers run',
  },
  clusters: {
    type: 'string',
    describe: 'file that names many lower clusters, each with its settings; followed as it changes',
  },
  'cluster-secrets': {
    type: 'string',
    describe: 'namespace above with a Secret for each lower cluster, as isthmus join makes them',
  },
  'leader-elect': {
    type: 'boolean',
    describe: 'share the virtual nodes with other replicas, each led by one of them',
    default: false,
  },
  'leader-elect-lease-duration': {
    type: 'string',
    describe: 'how long a silent replica counts as living; the others take over what it led soon after',
    default: '10s',
  },
  'leader-elect-resource-namespace': {
    type: 'string',
    describe:
      'namespace above for the Leases of replicas; that of our own pod, or isthmus-system, by default',
  },
  'node-selector': {
    type: 'string',
    describe: 'offer only the lower nodes that this label selector selects',
    default: '',
  },
  capacity: {
    type: 'string',
    describe: 'the most that is offered and used below, as in cpu=100,nvidia.com/gpu=8',
    default: '',
  },
  namespace: { type: 'string', describe: 'serve only pods of this upper namespace; all by default' },
  'ignore-labels': {
    type: 'string',
    describe: 'labels, separated by commas, that stay above when a pod goes down',
    default: '',
  },
  'disable-taint': {
    type: 'boolean',
    describe: 'register the virtual node without its taint',
    default: false,
  },
  'pod-sync-workers': { type: 'number', describe: 'pods that are worked on at once', default: 50 },
  'kube-api-qps': { type: 'number', describe: 'requests a second to the upper API server', default: 500 },
  'kube-api-burst': { type: 'number', describe: 'requests at once to the upper API server', default: 1000 },
  'client-qps': { type: 'number', describe: 'requests a second to the lower API server', default: 500 },
  'client-burst': { type: 'number', describe: 'requests at once to the lower API server', default: 1000 },
  'client-verify-ca': {
    type: 'string',
    describe: 'CA of clients of the kubelet port; by default the one the upper API server publishes',
    defaultDescription: '$APISERVER_CA_CERT_LOCATION',
  },
  'serving-certificate': {
    type: 'string',
    describe:
      'where the certificate of the kubelet port comes from when no files are given: ourselves, or the upper cluster by a CertificateSigningRequest that somebody approves',
    choices: ['self-signed', 'csr'] as const,
    default: 'self-signed' as const,
  },
  'no-verify-clients': {
    type: 'boolean',
    describe: 'let anybody who reaches the kubelet port read logs and run commands; for experiments only',
    default: false,
  },
  'authentication-token-webhook': {
    type: 'boolean',
    describe: 'accept bearer tokens on the kubelet port, checked by TokenReview',
    default: true,
  },
  'log-level': commonFlags['log-level'],
  'enable-controllers': {
    type: 'string',
    describe: 'what goes down beside pods and what they name, separated by commas; empty for nothing',
    default: 'PVControllers,ServiceControllers',
  },
  'storage-provisioners': {
    type: 'string',
    describe:
      'provisioners of upper storage classes, beside isthmus.io/virtual, that nobody serves above: we do',
    default: '',
  },
  'storage-classes': {
    type: 'string',
    describe: 'lower storage classes for upper ones, as in fast=ssd,slow= (the lower default class)',
    default: '',
  },
  network: {
    type: 'string',
    describe:
      'which endpoints Services have below: all, where pods reach each other across clusters, or only those of that cluster',
    choices: networks,
    default: defaultServiceSettings.network,
  },
  'pod-cidr-map': {
    type: 'string',
    describe:
      'REAL=SEEN, separated by commas: ranges of pods below, and how they are reached from outside of that cluster',
    default: '',
  },
  'service-selector': {
    type: 'string',
    describe: 'only Services that this label selector selects go down; all by default',
    default: '',
  },
  'upper-kubernetes-service': {
    type: 'boolean',
    describe: 'let pods below that ask for kubernetes.default.svc reach the upper API server',
    default: false,
  },
  'system-services': {
    type: 'string',
    describe: 'names of Services of kube-system, separated by commas, that go down too',
    default: '',
  },
  'service-account-mode': {
    type: 'string',
    describe:
      "whose service account containers act as: the upper pod's, the lower one of the same name, or nobody's",
    choices: serviceAccountModes,
    default: 'upper' as const,
  },
  'enable-serviceaccount': {
    type: 'boolean',
    describe: 'false is the same as --service-account-mode=none',
    default: true,
  },
  'upper-api-address': {
    type: 'string',
    describe: 'host:port at which containers below reach the upper API server; by default as in --kubeconfig',
  },
  refuse: {
    type: 'string',
    describe: `what pods on this node may not do, separated by commas: ${refusable.join(', ')}`,
    default: '',
  },
  'metrics-addr': {
    type: 'string',
    describe: 'HOST:PORT of metrics and health over plain HTTP, :PORT for all addresses; empty turns it off',
    defaultDescription: defaultOperationsAddress,
  },
  'enable-profiling': {
    type: 'boolean',
    describe: 'let whoever is on this machine read the memory of the process, credentials included',
    default: false,
  },
  'klog.v': {
    type: 'string',
    describe: 'taken for the sake of old start lines; no effect: use --log-level',
  },
} as const satisfies Record<string, Options>;

export type ProviderFlags = InferredOptionTypes<typeof providerFlags>;

/** Adds the flags, the checks that need no cluster, and what the environment may say. */
export function addProviderFlags(parser: Argv) {
  return parser
    .options(providerFlags)
    .check((flags) => {
      for (const name of [
        'pod-sync-workers',
        'kube-api-qps',
        'kube-api-burst',
        'client-qps',
        'client-burst',
      ] as const) {
        if (!(flags[name] > 0)) throw new Error(`--${name} must be a number above 0`);
      }
      leaseDurationOf(flags);
      const sources = [flags['client-kubeconfig'], flags.clusters, flags['cluster-secrets']].filter(Boolean);
      if (sources.length !== 1)
        throw new Error(
          'give one of --client-kubeconfig, --clusters and --cluster-secrets, for the lower clusters',
        );
      return true;
    })
    .epilog(
      [
        'Environment:',
        '  KUBELET_PORT               port of the kubelet API (10250)',
        '  APISERVER_CERT_LOCATION    its serving certificate, with APISERVER_KEY_LOCATION; see --serving-certificate',
        '  APISERVER_CA_CERT_LOCATION CA of its clients',
        '  VKUBELET_POD_IP            address at which the upper API server reaches us; found out by default',
        '  VKUBELET_EXTERNAL_POD_IP   external address shown on the node',
        '  VKUBELET_NODE_LABEL        a label of the node, as "key: value"',
        '  VKUBELET_TAINT_KEY, VKUBELET_TAINT_VALUE, VKUBELET_TAINT_EFFECT',
        '',
        'With --clusters or --cluster-secrets, what is said of one cluster stands there, and the flags for it are passed',
        'over; but what --refuse names is refused for every cluster.',
        '',
        'Examples:',
        '  isthmus provider --nodename vk-a --kubeconfig upper.yaml --client-kubeconfig a.yaml',
        '  isthmus provider --kubeconfig upper.yaml --clusters clusters.yaml --leader-elect',
      ].join('\n'),
    );
}
