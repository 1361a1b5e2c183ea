import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { ownAddresses } from './own-addresses.ts';

const unreachable = new URL('https://127.0.0.1:1');

test('as the environment says', async () => {
  expect(
    await ownAddresses(unreachable, { VKUBELET_POD_IP: '10.0.0.1', VKUBELET_EXTERNAL_POD_IP: '' }),
  ).toEqual([{ type: 'InternalIP', address: '10.0.0.1' }]);
  const both = { VKUBELET_POD_IP: 'fd00::1', VKUBELET_EXTERNAL_POD_IP: '1.2.3.4' };
  expect(await ownAddresses(unreachable, both)).toEqual([
    { type: 'InternalIP', address: 'fd00::1' },
    { type: 'ExternalIP', address: '1.2.3.4' },
  ]);
});

test.each<[NodeJS.ProcessEnv, string]>([
  [{ VKUBELET_POD_IP: 'vk-a.local' }, 'VKUBELET_POD_IP is "vk-a.local"'],
  [{ VKUBELET_POD_IP: '10.0.0.1', VKUBELET_EXTERNAL_POD_IP: '1.2.3' }, 'VKUBELET_EXTERNAL_POD_IP is "1.2.3"'],
])('%j is refused', async (environment, message) => {
  await expect(ownAddresses(unreachable, environment)).rejects.toMatchObject({
    code: 'Configuration',
    message: expect.stringContaining(message),
  });
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
    const addresses = await ownAddresses(upperServer, { VKUBELET_POD_IP: '' });
    expect(addresses[0]).toEqual({ type: 'InternalIP', address: host });
  });

  test('says what to do when the upper API server cannot be reached', async () => {
    await expect(ownAddresses(unreachable, {})).rejects.toMatchObject({
      code: 'Unreachable',
      message: expect.stringMatching(/https:\/\/127\.0\.0\.1:1 cannot be reached.*VKUBELET_POD_IP/),
    });
  });
});
