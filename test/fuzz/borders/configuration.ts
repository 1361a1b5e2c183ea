import { stringify } from 'yaml';
import { readClusterMap } from '../../../src/clusters/cluster-map.ts';
import { readClusterFile, readSettings } from '../../../src/clusters/configuration.ts';
import { readInlineKubeconfig } from '../../../src/clusters/inline-kubeconfig.ts';
import { readClusterSecret } from '../../../src/clusters/secret.ts';
import { readPolicy } from '../../../src/descheduler/policy.ts';
import { mergeSettings } from '../../../src/joining/cluster-secret.ts';
import { loadConnection } from '../../../src/kube/connection.ts';
import { type Border, ofRead, textsLike } from './border.ts';

const settings = {
  nodeName: 'vk-a',
  labels: { disk: 'ssd', 'example.com/tier': '1' },
  region: 'eu',
  taint: { key: 'a/b', value: 'c', effect: 'NoSchedule' },
  nodeSelector: 'disk in (ssd,nvme),!spot',
  capacity: { cpu: 100, memory: '1.5Gi', 'nvidia.com/gpu': 8 },
  kubeletPort: 10_250,
  serviceAccountMode: 'upper',
  upperApiAddress: 'api.example.com:6443',
  ignoreLabels: ['a', 'b/c'],
  refuse: ['hostPath'],
  storageClasses: { fast: 'ssd', slow: null },
  network: 'flat',
  podCidrMap: ['10.244.0.0/16=100.64.0.0/16'],
  serviceSelector: 'a=b',
  systemServices: ['kube-dns'],
  qps: 50,
  burst: 100,
};
const file = {
  clusters: [
    { name: 'a', kubeconfig: 'a.yaml', ...settings },
    { name: 'b', kubeconfig: '/b.yaml', taint: false },
  ],
};
const map = { cluster_configuration: { a: { kube_config: 'a.yaml' }, b: { kube_master: 'https://b' } } };
const scheduler = { profiles: [{ pluginConfig: [{ name: 'multi-scheduler', args: map }] }] };
const kubeconfig = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'a',
  contexts: [{ name: 'a', context: { cluster: 'a', user: 'a', namespace: 'b' } }],
  clusters: [{ name: 'a', cluster: { server: 'https://a:6443', 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'a', user: { token: 'secret' } }],
};
const policy = {
  apiVersion: 'descheduler/v1alpha1',
  kind: 'DeschedulerPolicy',
  strategies: {
    LowerUnschedulable: { enabled: true, params: { unschedulableSeconds: 60 } },
    PodLifeTime: { enabled: false },
    Fragmentation: { params: { pendingSeconds: 5, maxMovesPerPod: 2, ownerKinds: ['ReplicaSet'] } },
  },
};
/** What only YAML has, and what a reader of it may stumble upon. */
const bombs = [
  'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n',
  'clusters: &a\n  - name: a\n    kubeconfig: *a\n',
  '%YAML 1.1\n---\nclusters:\n  - &x {name: a, kubeconfig: b}\n  - <<: *x\n    name: 2026-01-01\n',
  'labels: !!set {a, b}\ncapacity: !!omap [a: 1]\nqps: .inf\nburst: .nan\n',
  '? {a: b}\n: c\n? [1, 2]\n: d\n',
  '--- a\n--- b\n',
  'a: !!binary aGVsbG8=\nb: !!js/regexp /a/\nc: !<tag:x> 1\n',
  '? ? ? ? a\n',
  '"\\uD800": "\\x00"\n',
];
const like = (...values: unknown[]) =>
  textsLike([...values.map((value) => stringify(value)), ...bombs], values);
const joining = { name: 'a', upperCluster: 'u', namespace: 'isthmus-system' };
const encoded = (text: string) => Buffer.from(text).toString('base64');

/** Every file that somebody writes for us, and every Secret that stands for one. */
export const configuration: readonly Border[] = [
  {
    name: 'file of clusters',
    isCostly: true,
    covers: [
      'clusters/configuration.ts',
      'clusters/schema.ts',
      'clusters/fields.ts',
      'clusters/yaml.ts',
      'clusters/mistakes.ts',
    ],
    inputs: like(file),
    read: (text) => ofRead(readClusterFile('clusters.yaml', text), text),
  },
  {
    name: 'settings in a Secret',
    isCostly: true,
    covers: ['clusters/configuration.ts'],
    inputs: like(settings),
    read: (text) => ofRead(readSettings('secret', text, 'a'), text),
  },
  {
    name: 'Secret of a cluster',
    isCostly: true,
    covers: ['clusters/secret.ts', 'clusters/inline-kubeconfig.ts'],
    inputs: like(settings, kubeconfig),
    read: (text) => {
      const data = { kubeconfig: encoded(JSON.stringify(kubeconfig)), configuration: encoded(text) };
      const metadata = { namespace: 's', name: 'a' };
      ofRead(readClusterSecret({ metadata, data: { kubeconfig: encoded(text) } }), text);
      ofRead(readClusterSecret({ metadata, data: { kubeconfig: text, configuration: text } }), text);
      return ofRead(readClusterSecret({ metadata, data }), text);
    },
  },
  {
    name: 'kubeconfig in a Secret',
    isCostly: true,
    covers: ['clusters/inline-kubeconfig.ts'],
    inputs: like(kubeconfig),
    read: (text) => ofRead(readInlineKubeconfig('secret', text, undefined), text),
  },
  {
    name: 'kubeconfig in a file',
    isCostly: true,
    covers: ['kube/connection.ts'],
    inputs: like(kubeconfig),
    read: (text) => {
      loadConnection('lower', { text, from: 'a.yaml' });
      return 'read';
    },
  },
  {
    name: 'cluster_configuration of tensile-kube',
    isCostly: true,
    covers: ['clusters/cluster-map.ts'],
    inputs: like(map, scheduler),
    read: (text) => ofRead(readClusterMap('map.yaml', text, '/'), text),
  },
  {
    name: 'policy of the descheduler',
    isCostly: true,
    covers: [
      'descheduler/policy.ts',
      'descheduler/strategy.ts',
      'descheduler/strategies/fragmentation.ts',
      'descheduler/strategies/lower-unschedulable.ts',
      'descheduler/strategies/pod-life-time.ts',
    ],
    inputs: like(policy),
    read: (text) => ofRead(readPolicy('policy.yaml', text), text),
  },
  {
    name: 'settings that join changes',
    isCostly: true,
    covers: ['joining/cluster-secret.ts'],
    inputs: like(settings),
    read: (text) => {
      const { configuration } = mergeSettings(
        joining,
        { data: { configuration: encoded(text) } },
        { zone: 'b' },
      );
      return configuration.zone === 'b' ? 'read' : 'lost';
    },
  },
];
