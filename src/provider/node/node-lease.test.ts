import { afterEach, expect, test, vi } from 'vitest';
import { connectionTo, type LocalServer, sendJson, startServer } from '../../../test/local-server.ts';
import { Client } from '../../kube/client.ts';
import { Transport } from '../../kube/transport.ts';
import { runNodeLease } from './node-lease.ts';

let server: LocalServer | undefined;
let transport: Transport | undefined;
afterEach(async () => {
  await transport?.close();
  await server?.close();
});

test('a call on a connection that died leaves time for many more before the lease is over', async () => {
  let isDead = true;
  server = await startServer((_, response) => {
    if (!isDead) sendJson(response, 200, { metadata: { name: 'vk', resourceVersion: '1' } });
  });
  const { requests } = server;
  transport = new Transport(connectionTo(server.url));
  const stopping = new AbortController();
  const upper = new Client(transport);
  const node = () => ({ metadata: { name: 'vk', uid: 'u' } });
  const running = runNodeLease(
    { upper, nodeName: 'vk', node, isAlive: () => true, position: () => undefined, onError: () => {} },
    stopping.signal,
  );
  await vi.waitFor(() => expect(requests).toHaveLength(1));
  isDead = false;
  await vi.waitFor(() => expect(requests.length).toBeGreaterThan(1), { timeout: 15_000 });
  stopping.abort();
  await running;
});
