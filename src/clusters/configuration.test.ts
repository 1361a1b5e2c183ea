import { describe, expect, test } from 'vitest';
import { readClusterFile, readSettings } from './configuration.ts';

const one = (fields: string) => `clusters:\n  - {name: a, kubeconfig: a.yaml, ${fields}}\n`;

function mistakesOf(text: string): readonly string[] {
  const read = readClusterFile('clusters.yaml', text);
  return 'mistakes' in read ? read.mistakes : [];
}

describe('a mistake is named with its place and what was expected', () => {
  test.each<[string, string, string | string[]]>([
    ['nothing', '', 'clusters.yaml: expected a map with the key clusters, found nothing'],
    ['words', 'just words', 'clusters.yaml: expected a map with the key clusters, found "just words"'],
    ['a list', '- a', 'clusters.yaml: expected a map with the key clusters, found a list'],
    [
      'no key clusters',
      'cluster: []',
      [
        'clusters.yaml: clusters: missing; expected a list of clusters',
        'clusters.yaml: unknown key "cluster"; did you mean "clusters"?',
      ],
    ],
    [
      'a key that would hide what stands before it',
      '"\\r\\e[2Kquota": 1\nclusters: []',
      'clusters.yaml: unknown key "\ufffd\ufffd[2Kquota"; known are clusters',
    ],
    ['clusters empty', 'clusters:', 'clusters.yaml: clusters: expected a list of clusters, found nothing'],
    [
      'a map of clusters',
      'clusters: {a: {}}',
      'clusters.yaml: clusters: expected a list of clusters, found a map',
    ],
    [
      'a cluster that is a word',
      'clusters: [a]',
      'clusters.yaml: clusters[0]: expected a map with name and kubeconfig, found "a"',
    ],
    [
      'neither name nor kubeconfig',
      'clusters: [{}]',
      [
        'clusters.yaml: clusters[0].name: missing; expected a name of at most 63 of a-z, 0-9, "-" and "."',
        'clusters.yaml: clusters[0].kubeconfig: missing; expected the path of a file',
      ],
    ],
    [
      'a quote that is not closed',
      'clusters:\n  - name: "a',
      'clusters.yaml: line 2, column 13: not YAML: Missing closing "quote',
    ],
    [
      'a tab',
      'clusters:\n\t- name: a',
      'clusters.yaml: line 2, column 1: not YAML: Tabs are not allowed as indentation',
    ],
    [
      'a key twice',
      one('zone: b, zone: c'),
      'clusters.yaml: line 2, column 44: not YAML: Map keys must be unique',
    ],
    [
      'an alias of nothing',
      one('zone: *zone'),
      'clusters.yaml: an alias is used that has no anchor, or too often',
    ],
    [
      'an upper-case name',
      'clusters: [{name: A, kubeconfig: a}]',
      'clusters.yaml: clusters[0].name: expected a name of at most 63 of a-z, 0-9, "-" and ".", found "A"',
    ],
    [
      'a name that is a number',
      'clusters: [{name: 1, kubeconfig: a}]',
      'clusters.yaml: clusters[0].name: expected a name of at most 63 of a-z, 0-9, "-" and ".", in quotes, found 1',
    ],
    [
      'the text of a kubeconfig',
      'clusters:\n  - name: a\n    kubeconfig: |\n      users: [{user: {token: hunter2}}]\n      x: y\n',
      'clusters.yaml: clusters[0].kubeconfig: expected the path of a file, found 41 characters',
    ],
    [
      'a slip in a key',
      one('nodename: b'),
      'clusters.yaml: clusters[0]: unknown key "nodename"; did you mean "nodeName"?',
    ],
    [
      'another slip',
      one('quota: {cpu: 1}, capasity: {cpu: 1}'),
      [
        'clusters.yaml: clusters[0]: unknown key "quota"; known are name, kubeconfig, context, nodeName, labels, ' +
          'region, zone, provider, taint, nodeSelector, capacity, namespace, kubeletPort, serviceAccountMode, ' +
          'upperApiAddress, ignoreLabels, refuse, storageClasses, network, podCidrMap, serviceSelector, upperKubernetesService, systemServices, qps, burst',
        'clusters.yaml: clusters[0]: unknown key "capasity"; did you mean "capacity"?',
      ],
    ],
    [
      'a quantity that is none',
      `${one('zone: a')}  - {name: b, kubeconfig: b}\n  - {name: c, kubeconfig: c, capacity: {cpu: lots}}`,
      'clusters.yaml: clusters[2].capacity.cpu: expected a quantity such as 500m or 8, found "lots"',
    ],
    [
      'a negative quantity',
      one('capacity: {nvidia.com/gpu: -1}'),
      'clusters.yaml: clusters[0].capacity["nvidia.com/gpu"]: expected a quantity such as 500m or 8, found -1',
    ],
    [
      'a capacity that is a word',
      one('capacity: big'),
      'clusters.yaml: clusters[0].capacity: expected a map of resources, found "big"',
    ],
    [
      'a resource that is none',
      one('capacity: {"c p u": 1}'),
      'clusters.yaml: clusters[0].capacity["c p u"]: expected the name of a resource, such as cpu or nvidia.com/gpu, found "c p u"',
    ],
    [
      'a zone that is a number',
      one('zone: 1'),
      'clusters.yaml: clusters[0].zone: expected the value of a label: at most 63 of A-Z, a-z, 0-9, "-", "_", ".", in quotes, found 1',
    ],
    [
      'a label that is true',
      one('labels: {tier: true}'),
      'clusters.yaml: clusters[0].labels.tier: expected the value of a label: at most 63 of A-Z, a-z, 0-9, "-", "_", ".", in quotes, found true',
    ],
    [
      'a key of a label',
      one('labels: {a/b/c: x}'),
      'clusters.yaml: clusters[0].labels["a/b/c"]: expected the key of a label, such as disk or example.com/disk, found "a/b/c"',
    ],
    [
      'a label of ours',
      one('labels: {type: x}'),
      'clusters.yaml: clusters[0].labels.type: expected a label that the provider does not set itself, found "type"',
    ],
    [
      'a taint that is true',
      one('taint: true'),
      'clusters.yaml: clusters[0].taint: expected a map of key, value and effect, or false for no taint, found true',
    ],
    [
      'an effect that is none',
      one('taint: {key: a, effect: Never}'),
      'clusters.yaml: clusters[0].taint.effect: expected one of NoSchedule, PreferNoSchedule, NoExecute, found "Never"',
    ],
    [
      'a network that is none',
      one('network: round'),
      'clusters.yaml: clusters[0].network: expected one of flat, local, found "round"',
    ],
    [
      'one range for pods',
      one('podCidrMap: [10.244.0.0/16]'),
      'clusters.yaml: clusters[0].podCidrMap[0]: expected two ranges of equal length that do not overlap, such as 10.244.0.0/16=100.64.0.0/16, found "10.244.0.0/16"',
    ],
    [
      'ranges for pods that overlap',
      one('podCidrMap: [10.1.0.0/16=10.2.0.0/16, 10.2.0.0/16=10.3.0.0/16]'),
      'clusters.yaml: clusters[0].podCidrMap: expected ranges none of which overlaps another, found a list',
    ],
    [
      'a Service that is none',
      one('systemServices: [kube_dns]'),
      'clusters.yaml: clusters[0].systemServices[0]: expected the name of an object, found "kube_dns"',
    ],
    [
      'a slip in a taint',
      one('taint: {key: a, efect: NoSchedule}'),
      [
        'clusters.yaml: clusters[0].taint.effect: missing; expected one of NoSchedule, PreferNoSchedule, NoExecute',
        'clusters.yaml: clusters[0].taint: unknown key "efect"; did you mean "effect"?',
      ],
    ],
    [
      'a selector that is a map',
      one('nodeSelector: {disk: ssd}'),
      'clusters.yaml: clusters[0].nodeSelector: expected a label selector such as disk=ssd,!gpu, of at most 4096 characters, found a map',
    ],
    [
      'a selector that is none',
      one('nodeSelector: disk=ssd=x'),
      'clusters.yaml: clusters[0].nodeSelector: expected a label selector such as disk=ssd,!gpu, of at most 4096 characters, found "disk=ssd=x"',
    ],
    [
      'a port too high',
      one('kubeletPort: 65536'),
      'clusters.yaml: clusters[0].kubeletPort: expected a port from 1 to 65535, found 65536',
    ],
    [
      'a namespace that is none',
      one('namespace: A_b'),
      'clusters.yaml: clusters[0].namespace: expected the name of a namespace, found "A_b"',
    ],
    [
      'a mode that is none',
      one('serviceAccountMode: both'),
      'clusters.yaml: clusters[0].serviceAccountMode: expected one of upper, lower, none, found "both"',
    ],
    [
      'an address with a path',
      one('upperApiAddress: https://api:6443/'),
      'clusters.yaml: clusters[0].upperApiAddress: expected host:port, found "https://api:6443/"',
    ],
    [
      'something that cannot be refused',
      one('refuse: [hostPath, hostNetworks]'),
      'clusters.yaml: clusters[0].refuse[1]: expected one of hostPath, privileged, hostNetwork, hostPID, hostIPC, hostPorts, found "hostNetworks"',
    ],
    [
      'the same twice in a list',
      one('ignoreLabels: [a, b, a]'),
      'clusters.yaml: clusters[0].ignoreLabels[2]: expected each only once, found "a"',
    ],
    [
      'a word where a list goes',
      one('ignoreLabels: a'),
      'clusters.yaml: clusters[0].ignoreLabels: expected a list of labels, found "a"',
    ],
    [
      'a storage class that is none',
      one('storageClasses: {fast: "SSD 1"}'),
      'clusters.yaml: clusters[0].storageClasses.fast: expected the name of a storage class, or nothing for the lower default class, found "SSD 1"',
    ],
    [
      'a burst that lets nothing pass',
      one('burst: 0.5'),
      'clusters.yaml: clusters[0].burst: expected a number of at least 1, found 0.5',
    ],
    ['no rate', one('qps: 0'), 'clusters.yaml: clusters[0].qps: expected a number above 0, found 0'],
    [
      'a name twice',
      `${one('nodeName: x')}  - {name: a, kubeconfig: b}`,
      'clusters.yaml: clusters[1].name: "a" is that of clusters[0] already',
    ],
    [
      'a virtual node twice',
      `${one('zone: x')}  - {name: b, nodeName: a, kubeconfig: b}`,
      'clusters.yaml: clusters[1].nodeName: "a" is that of clusters[0] already',
    ],
    [
      'a port twice',
      `${one('kubeletPort: 10250')}  - {name: b, kubeletPort: 10250, kubeconfig: b}`,
      'clusters.yaml: clusters[1].kubeletPort: "10250" is that of clusters[0] already',
    ],
  ])('%s', (_, text, expected) => {
    expect(mistakesOf(text)).toEqual([expected].flat());
  });
});

test('defaults', () => {
  expect(readClusterFile('f', 'clusters: [{name: a, kubeconfig: a.yaml}]')).toEqual({
    value: [
      {
        configuration: {
          name: 'a',
          nodeName: 'a',
          labels: {},
          region: undefined,
          zone: undefined,
          provider: undefined,
          taint: { key: 'virtual-kubelet.io/provider', value: 'k8s', effect: 'NoSchedule' },
          nodeSelector: undefined,
          capacity: {},
          namespace: undefined,
          kubeletPort: undefined,
          serviceAccountMode: 'upper',
          upperApiAddress: undefined,
          ignoreLabels: [],
          refuse: [],
          services: { network: 'flat', podCidrMap: [], selector: undefined, kubernetes: false, system: [] },
          qps: 500,
          storageClasses: {},
          burst: 1000,
        },
        kubeconfig: 'a.yaml',
        context: undefined,
      },
    ],
  });
});

test('every field', () => {
  const read = readSettings(
    'configuration',
    `
context: admin
nodeName: vk-a
labels: {disk: ssd, example.com/x: ""}
region: eu
zone: "1"
provider: metal
taint: {key: gpu, effect: NoExecute}
nodeSelector: disk in (ssd, nvme),!gpu
capacity: {cpu: 0.5, memory: 1024Mi, nvidia.com/gpu: 8}
namespace: shop
kubeletPort: 10350
serviceAccountMode: none
upperApiAddress: "[fd00::1]:6443"
ignoreLabels: [a, example.com/b]
refuse: [hostPath]
qps: 5.5
burst: 10
storageClasses: {fast: ssd, slow: }
`,
    'a',
  );
  expect(read).toMatchObject({
    value: {
      context: 'admin',
      configuration: {
        name: 'a',
        nodeName: 'vk-a',
        labels: { disk: 'ssd', 'example.com/x': '' },
        region: 'eu',
        zone: '1',
        provider: 'metal',
        taint: { key: 'gpu', effect: 'NoExecute' },
        nodeSelector: 'disk in (ssd, nvme),!gpu',
        capacity: { cpu: '500m', memory: '1Gi', 'nvidia.com/gpu': '8' },
        namespace: 'shop',
        kubeletPort: 10350,
        serviceAccountMode: 'none',
        upperApiAddress: '[fd00::1]:6443',
        ignoreLabels: ['a', 'example.com/b'],
        refuse: ['hostPath'],
        qps: 5.5,
        burst: 10,
        storageClasses: { fast: 'ssd', slow: null },
      },
    },
  });
});

test('no taint, and an empty file of settings', () => {
  expect(readSettings('s', 'taint: false', 'a')).toMatchObject({
    value: { configuration: { taint: undefined } },
  });
  expect(readSettings('s', '', 'a')).toMatchObject({ value: { configuration: { nodeName: 'a' } } });
});

test('what belongs to the Secret itself is unknown in its settings', () => {
  expect(readSettings('s', 'name: b', 'a')).toMatchObject({
    mistakes: [expect.stringContaining('s: unknown key "name"')],
  });
});
