import type { IncomingMessage, ServerResponse } from 'node:http';
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

/**
 * Renews a lease that an upper cluster of its own holds; `written` are the positions in it, one for each renewal;
 * those `refused` are counted from 0.
 */
async function renewing(position: () => string | undefined, old?: string, refused: readonly number[] = []) {
  const written: (string | undefined)[] = [];
  let count = 0;
  let held: Lease | undefined = old === undefined ? undefined : leaseWith(old);
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'GET') {
      if (held) sendJson(response, 200, held);
      else sendJson(response, 404, { kind: 'Status', code: 404, reason: 'NotFound' });
      return;
    }
    const lease = (await json(request)) as Lease;
    if (refused.includes(count++))
      return sendJson(response, 500, { kind: 'Status', code: 500, message: 'no' });
    held = lease;
    written.push(held.metadata?.annotations?.[lowerPositionAnnotation]);
    sendJson(response, 200, held);
  };
  server = await startServer((request, response) => void answer(request, response));
  transport = new Transport(connectionTo(server.url));
  const stopping = new AbortController();
  const running = runNodeLease(
    {
      upper: new Client(transport),
      nodeName: 'vk',
      node: () => ({ metadata: { name: 'vk', uid: 'u' } }),
      isAlive: () => true,
      position,
      onError: () => void written.push('refused'),
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

test('a first lease has the position at once', async () => {
  const { written, stop } = await renewing(() => '9');
  await vi.waitFor(() => expect(written).not.toHaveLength(0));
  await stop();
  expect(written[0]).toBe('9');
});

test('a position that nobody can better yet stays in the lease', async () => {
  const { written, stop } = await renewing(() => undefined, '7');
  await vi.waitFor(() => expect(written.length).toBeGreaterThan(2));
  await stop();
  expect(new Set(written)).toEqual(new Set(['7']));
});

test('a position is written when it has been known for a whole pause', async () => {
  let position = 100;
  const { written, stop } = await renewing(() => `${position++}`, '7');
  await vi.waitFor(() => expect(written.length).toBeGreaterThan(3));
  await stop();
  expect(written.slice(0, 4)).toEqual(['7', '100', '101', '102']);
});

test('what was noted at a renewal that failed is too young to be written at the next', async () => {
  let position = 100;
  const { written, stop } = await renewing(() => `${position++}`, '7', [3, 4]);
  await vi.waitFor(() => expect(written.length).toBeGreaterThan(6));
  await stop();
  expect(written.slice(0, 7)).toEqual(['7', '100', '101', 'refused', 'refused', '102', '105']);
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
