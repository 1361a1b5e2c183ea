import { describe, expect, test } from 'vitest';
import yargs from 'yargs';
import { podDownOptions } from '../provider/fleet/open-cluster.ts';
import { refusable } from '../translate/policy.ts';
import { kubeletPort, lowerClusterOf } from './flags-cluster.ts';
import { type ProviderFlags, providerFlags } from './provider-flags.ts';

/** What a start line says, with the defaults of all flags it does not have. */
function flagsOf(line: string, more: Partial<ProviderFlags> = {}): ProviderFlags {
  const parser = yargs(['--client-kubeconfig=a', '--nodename=vk-a', ...line.split(' ').filter(Boolean)]);
  const { nodename, ...flags } = parser.options(providerFlags).parseSync() as ProviderFlags;
  return {
    ...flags,
    nodename: Array.isArray(nodename) ? ((nodename as string[]).at(-1) ?? '') : nodename,
    ...more,
  };
}

function configurationOf(
  line: string,
  environment: NodeJS.ProcessEnv = {},
  more: Partial<ProviderFlags> = {},
) {
  return lowerClusterOf(flagsOf(line, more), environment).configuration;
}

test('with nothing set', () => {
  expect(lowerClusterOf(flagsOf(''), {})).toEqual({
    configuration: {
      name: 'lower',
      nodeName: 'vk-a',
      labels: {},
      region: undefined,
      zone: undefined,
      provider: undefined,
      taint: { key: 'virtual-kubelet.io/provider', value: 'k8s', effect: 'NoSchedule' },
      nodeSelector: undefined,
      capacity: {},
      namespace: undefined,
      kubeletPort: 10250,
      serviceAccountMode: 'upper',
      upperApiAddress: undefined,
      ignoreLabels: [],
      refuse: [],
      services: { network: 'flat', podCidrMap: [], selector: undefined, kubernetes: false, system: [] },
      qps: 500,
      storageClasses: {},
      burst: 1000,
    },
    kubeconfig: { path: 'a' },
  });
});

test('with empty variables, as a manifest may leave them', () => {
  const empty = {
    KUBELET_PORT: '',
    VKUBELET_NODE_LABEL: '',
    VKUBELET_TAINT_KEY: '',
    VKUBELET_TAINT_VALUE: '',
    VKUBELET_TAINT_EFFECT: '',
  };
  expect(configurationOf('', empty)).toEqual(configurationOf(''));
});

test.each<[NodeJS.ProcessEnv, object]>([
  [{ KUBELET_PORT: '10350' }, { kubeletPort: 10350 }],
  [{ KUBELET_PORT: '65535' }, { kubeletPort: 65535 }],
  [{ VKUBELET_NODE_LABEL: 'clusterID: a' }, { labels: { clusterID: 'a' } }],
  [{ VKUBELET_NODE_LABEL: 'example.com/zone:b' }, { labels: { 'example.com/zone': 'b' } }],
  [{ VKUBELET_NODE_LABEL: ' empty : ' }, { labels: { empty: '' } }],
  [
    { VKUBELET_TAINT_KEY: 'a.b/c', VKUBELET_TAINT_VALUE: 'd', VKUBELET_TAINT_EFFECT: 'NoExecute' },
    { taint: { key: 'a.b/c', value: 'd', effect: 'NoExecute' } },
  ],
])('%j', (environment, expected) => {
  expect(configurationOf('', environment)).toMatchObject(expected);
});

test('storage classes', () => {
  expect(configurationOf('--storage-classes=fast=ssd,slow=').storageClasses).toEqual({
    fast: 'ssd',
    slow: null,
  });
});

test('without the taint', () => {
  expect(configurationOf('--disable-taint', { VKUBELET_TAINT_KEY: 'x' }).taint).toBeUndefined();
});

/** Whatever the API server would refuse: it would be tried again for ever, and nobody would know why. */
test.each<[NodeJS.ProcessEnv, string]>([
  [{ KUBELET_PORT: '0' }, 'KUBELET_PORT is "0"'],
  [{ KUBELET_PORT: '65536' }, 'KUBELET_PORT is "65536"'],
  [{ KUBELET_PORT: '-1' }, 'KUBELET_PORT is "-1"'],
  [{ KUBELET_PORT: '0x2810' }, 'KUBELET_PORT is "0x2810"'],
  [{ KUBELET_PORT: '1e4' }, 'KUBELET_PORT is "1e4"'],
  [{ KUBELET_PORT: '10250.0' }, 'KUBELET_PORT is "10250.0"'],
  [{ KUBELET_PORT: 'kubelet' }, 'KUBELET_PORT is "kubelet"'],
  [{ VKUBELET_NODE_LABEL: 'clusterID' }, 'VKUBELET_NODE_LABEL is "clusterID"'],
  [{ VKUBELET_NODE_LABEL: 'clusterID=a' }, 'VKUBELET_NODE_LABEL is "clusterID=a"'],
  [{ VKUBELET_NODE_LABEL: ': a' }, 'VKUBELET_NODE_LABEL is ": a"'],
  [{ VKUBELET_NODE_LABEL: 'a: b: c' }, 'VKUBELET_NODE_LABEL is "a: b: c"'],
  [{ VKUBELET_NODE_LABEL: 'a b: c' }, 'VKUBELET_NODE_LABEL is "a b: c"'],
  [{ VKUBELET_NODE_LABEL: 'a: b c' }, 'VKUBELET_NODE_LABEL is "a: b c"'],
  [{ VKUBELET_NODE_LABEL: 'a/b/c: d' }, 'VKUBELET_NODE_LABEL is "a/b/c: d"'],
  [{ VKUBELET_NODE_LABEL: `a: ${'x'.repeat(64)}` }, 'VKUBELET_NODE_LABEL is "a: xxx'],
  [{ VKUBELET_TAINT_EFFECT: 'Never' }, 'VKUBELET_TAINT_EFFECT is "Never"'],
  [{ VKUBELET_TAINT_KEY: 'a=b' }, 'VKUBELET_TAINT_KEY is "a=b"'],
  [{ VKUBELET_TAINT_VALUE: 'a b' }, 'VKUBELET_TAINT_VALUE is "a b"'],
])('%j is refused', (environment, message) => {
  expect(() => configurationOf('', environment)).toThrow(message);
});

test.each<[Partial<ProviderFlags>, string]>([
  [{ nodename: 'VK_A' }, '--nodename is "VK_A"'],
  [{ nodename: '' }, '--nodename is ""'],
  [{ nodename: '-a' }, '--nodename is "-a"'],
  // It is the value of a label, too.
  [{ nodename: 'a'.repeat(64) }, '--nodename is "aaa'],
  [{ provider: 'my provider' }, '--provider is "my provider"'],
  [{ 'node-selector': 'pool in gpu' }, '--node-selector is "pool in gpu"'],
  [{ 'storage-classes': 'fast' }, '--storage-classes is "fast"'],
  [{ 'storage-classes': 'a=b=c' }, '--storage-classes is "a=b=c"'],
  [{ capacity: 'cpu' }, '--capacity is "cpu"'],
  [{ capacity: 'cpu=much' }, '--capacity is "cpu=much"'],
  [{ capacity: 'cpu=-1' }, '--capacity is "cpu=-1"'],
  [{ capacity: 'cpu=1,=2' }, '--capacity is "=2"'],
  [{ 'service-selector': 'share in yes' }, '--service-selector is "share in yes"'],
  [{ 'pod-cidr-map': '10.244.0.0/16' }, '--pod-cidr-map is "10.244.0.0/16"; write it as REAL=SEEN'],
  [{ 'pod-cidr-map': '10.1.0.0/16=10.2.0.0/16,10.2.0.0/16=10.3.0.0/16' }, '--pod-cidr-map is "10.1.'],
])('%j is refused', (more, message) => {
  expect(() => configurationOf('', {}, more)).toThrow(message);
});

test.each(['vk-a', 'vk.a', '1', 'a'.repeat(63)])('the node may be called %s', (nodename) => {
  expect(configurationOf('', {}, { nodename }).nodeName).toBe(nodename);
});

test('the port of many clusters is found in the same way', () => {
  expect([kubeletPort({}), kubeletPort({ KUBELET_PORT: '1' })]).toEqual([10250, 1]);
});

test('what Services lead to, and which go down', () => {
  const line =
    '--network=local --pod-cidr-map=10.1.0.0/16=10.2.0.0/16,fd00:1::/64=fd00:2::/64 --service-selector=a=b --upper-kubernetes-service --system-services=x,y';
  expect(configurationOf(line).services).toEqual({
    network: 'local',
    podCidrMap: ['10.1.0.0/16=10.2.0.0/16', 'fd00:1::/64=fd00:2::/64'],
    selector: 'a=b',
    kubernetes: true,
    system: ['x', 'y'],
  });
});

test('part of a cluster', () => {
  expect(configurationOf('--node-selector=pool=gpu,!spot --capacity=cpu=100,nvidia.com/gpu=8')).toMatchObject(
    {
      nodeSelector: 'pool=gpu,!spot',
      capacity: { cpu: '100', 'nvidia.com/gpu': '8' },
    },
  );
});

test.each([
  ['--service-account-mode=lower', 'lower'],
  ['--service-account-mode none', 'none'],
  ['--enable-serviceaccount=false', 'none'],
  ['--enable-serviceaccount', 'upper'],
  ['--enable-serviceaccount=false --service-account-mode=upper', 'none'],
])('%s means mode %s', (line, mode) => {
  expect(configurationOf(line).serviceAccountMode).toBe(mode);
});

test.each([
  ['a,b', ['a', 'b']],
  ['a,,app.kubernetes.io/name,', ['a', 'app.kubernetes.io/name']],
])('--ignore-labels=%s', (text, labels) => {
  expect(configurationOf(`--ignore-labels=${text}`).ignoreLabels).toEqual(labels);
});

describe('--refuse', () => {
  test('takes every feature there is', () => {
    expect(configurationOf(`--refuse=${refusable.join(',')}`).refuse).toEqual(refusable);
  });

  test.each(['hostpath', 'hostPath,root', 'hostPath hostPID'])(
    'does not take "%s" for something',
    (refuse) => {
      expect(() => configurationOf('', {}, { refuse })).toThrow(/is none of hostPath, /);
    },
  );
});

describe('where the upper API server is', () => {
  test.each([
    ['', 'https://10.1.2.3', '10.1.2.3', '443'],
    ['', 'https://10.1.2.3:443', '10.1.2.3', '443'],
    ['', 'https://[fd00::1]:6443/prefix', 'fd00::1', '6443'],
    ['', 'http://127.0.0.1:8080', '127.0.0.1', '8080'],
    ['', 'http://127.0.0.1', '127.0.0.1', '80'],
    ['--upper-api-address=api.example.com:8443', 'https://10.1.2.3', 'api.example.com', '8443'],
    ['--upper-api-address=api.example.com', 'https://10.1.2.3', 'api.example.com', '443'],
    ['--upper-api-address=[fd00::1]:8443', 'https://10.1.2.3', 'fd00::1', '8443'],
  ])('"%s" with a kubeconfig for %s', (line, server, host, port) => {
    expect(podDownOptions(configurationOf(line), new URL(server)).upperApi).toEqual({ host, port });
  });

  test.each(['https://api:6443', 'api:port', 'api:99999', 'fd00::1', ':6443'])(
    '"%s" is not an address',
    (address) => {
      expect(() => configurationOf(`--upper-api-address=${address}`)).toThrow(/write it as host:port/);
    },
  );
});
