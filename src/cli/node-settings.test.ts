import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { nodeSettings } from './node-settings.ts';

const unreachable = new URL('https://127.0.0.1:1');

function settings(environment: NodeJS.ProcessEnv, more: Partial<Parameters<typeof nodeSettings>[0]> = {}) {
  return nodeSettings({
    name: 'vk-a',
    provider: 'k8s',
    isTainted: true,
    upperServer: unreachable,
    lowerCluster: 'lower-uid',
    environment: { VKUBELET_POD_IP: '10.0.0.1', ...environment },
    ...more,
  });
}

test('with nothing set', async () => {
  expect(await settings({})).toEqual({
    name: 'vk-a',
    labels: {},
    taint: { key: 'virtual-kubelet.io/provider', value: 'k8s', effect: 'NoSchedule' },
    addresses: [
      { type: 'InternalIP', address: '10.0.0.1' },
      { type: 'Hostname', address: 'vk-a' },
    ],
    kubeletPort: 10250,
    lowerCluster: 'lower-uid',
  });
});

test('with empty variables, as a manifest may leave them', async () => {
  const empty = {
    VKUBELET_EXTERNAL_POD_IP: '',
    KUBELET_PORT: '',
    VKUBELET_NODE_LABEL: '',
    VKUBELET_TAINT_KEY: '',
    VKUBELET_TAINT_VALUE: '',
    VKUBELET_TAINT_EFFECT: '',
  };
  expect(await settings(empty)).toEqual(await settings({}));
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
  [
    { VKUBELET_POD_IP: 'fd00::1', VKUBELET_EXTERNAL_POD_IP: '1.2.3.4' },
    {
      addresses: [
        { type: 'InternalIP', address: 'fd00::1' },
        { type: 'ExternalIP', address: '1.2.3.4' },
        { type: 'Hostname', address: 'vk-a' },
      ],
    },
  ],
])('%j', async (environment, expected) => {
  expect(await settings(environment)).toMatchObject(expected);
});

test('without the taint', async () => {
  expect((await settings({ VKUBELET_TAINT_KEY: 'x' }, { isTainted: false })).taint).toBeUndefined();
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
  [{ VKUBELET_POD_IP: 'vk-a.local' }, 'VKUBELET_POD_IP is "vk-a.local"'],
  [{ VKUBELET_EXTERNAL_POD_IP: '1.2.3' }, 'VKUBELET_EXTERNAL_POD_IP is "1.2.3"'],
])('%j is refused', async (environment, message) => {
  await expect(settings(environment)).rejects.toMatchObject({
    code: 'Configuration',
    message: expect.stringContaining(message),
  });
});

test.each([
  [{ name: 'VK_A' }, '--nodename is "VK_A"'],
  [{ name: '' }, '--nodename is ""'],
  [{ name: '-a' }, '--nodename is "-a"'],
  // It is the value of a label, too.
  [{ name: 'a'.repeat(64) }, '--nodename is "aaa'],
  [{ provider: 'my provider' }, '--provider is "my provider"'],
])('%j is refused', async (more, message) => {
  await expect(settings({}, more)).rejects.toMatchObject({
    code: 'Configuration',
    message: expect.stringContaining(message),
  });
});

test.each(['vk-a', 'vk.a', '1', 'a'.repeat(63)])('the node may be called %s', async (name) => {
  expect((await settings({}, { name })).name).toBe(name);
});

describe('without VKUBELET_POD_IP', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** 127.0.0.1, and ::1 where the machine has it. */
  const loopback = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const hosts = loopback.filter(({ internal }) => internal).map(({ address }) => address);

  test.each(hosts)('the address from which %s is reached', async (host) => {
    const server = createServer((socket) => socket.end());
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as { port: number };
    const upperServer = new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}/prefix`);
    const { addresses } = await settings({ VKUBELET_POD_IP: '' }, { upperServer });
    expect(addresses[0]).toEqual({ type: 'InternalIP', address: host });
  });

  test('says what to do when the upper API server cannot be reached', async () => {
    await expect(settings({ VKUBELET_POD_IP: '' })).rejects.toMatchObject({
      code: 'Unreachable',
      message: expect.stringMatching(/https:\/\/127\.0\.0\.1:1 cannot be reached.*VKUBELET_POD_IP/),
    });
  });
});
