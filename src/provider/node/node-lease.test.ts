import { json } from 'node:stream/consumers';
import { afterEach, expect, test, vi } from 'vitest';
import { connectionTo, type LocalServer, sendJson, startServer } from '../../../test/local-server.ts';
import { Client } from '../../kube/client.ts';
import { Transport } from '../../kube/transport.ts';
import type { Lease } from '../../kube/types.ts';
import { lowerPositionAnnotation } from '../../translate/names.ts';
import { runNodeLease } from './node-lease.ts';

let server: LocalServer | undefined;
let transport: Transport | undefined;
afterEach(async () => {
  await transport?.close();
  await server?.close();
});

/** Renews a lease that an upper cluster of its own holds; `written` are the positions in it, one for each renewal. */
async function renewing(position: () => string | undefined, old?: string) {
  const written: (string | undefined)[] = [];
  let held: Lease | undefined = old === undefined ? undefined : leaseWith(old);
  server = await startServer(async (request, response) => {
    if (request.method === 'GET') {
      if (held) sendJson(response, 200, held);
      else sendJson(response, 404, { kind: 'Status', code: 404, reason: 'NotFound' });
      return;
    }
    held = (await json(request)) as Lease;
    written.push(held.metadata?.annotations?.[lowerPositionAnnotation]);
    sendJson(response, 200, held);
  });
  transport = new Transport(connectionTo(server.url));
  const stopping = new AbortController();
  const running = runNodeLease(
    {
      upper: new Client(transport),
      nodeName: 'vk',
      node: () => ({ metadata: { name: 'vk', uid: 'u' } }),
      isAlive: () => true,
      position,
      onError: (message) => void written.push(message),
      renewInterval: 20,
    },
    stopping.signal,
  );
  return {
    written,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

const leaseWith = (position: string): Lease => ({
  metadata: { name: 'vk', resourceVersion: '1', annotations: { [lowerPositionAnnotation]: position } },
});

test('a position that nobody can better yet stays in the lease', async () => {
  const { written, stop } = await renewing(() => undefined, '7');
  await vi.waitFor(() => expect(written.length).toBeGreaterThan(2));
  await stop();
  expect(new Set(written)).toEqual(new Set(['7']));
});

test('a lease without a position is renewed, and gets one when there is one', async () => {
  let position: string | undefined;
  const { written, stop } = await renewing(() => position);
  await vi.waitFor(() => expect(written.length).toBeGreaterThan(1));
  expect(new Set(written)).toEqual(new Set([undefined]));
  position = '9';
  await vi.waitFor(() => expect(written).toContain('9'));
  await stop();
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
