import type { ServerResponse } from 'node:http';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { connectionTo, type LocalServer, sendJson, startServer } from '../../test/local-server.ts';
import { Client } from '../kube/client.ts';
import { Transport } from '../kube/transport.ts';
import { Webhook } from './webhook.ts';

let server: LocalServer | undefined;
let upper: Transport | undefined;
afterEach(async () => {
  await upper?.close();
  await server?.close();
});

/** An upper cluster that has nothing, with this answer to whatever is asked of our Secret. */
async function webhookOf(secret: (method: string, response: ServerResponse) => void): Promise<Webhook> {
  server = await startServer(({ url = '', method = '' }, response) => {
    if (url.includes('/secrets')) secret(method, response);
    else if (!url.includes('watch=true'))
      sendJson(response, 200, { metadata: { resourceVersion: '1' }, items: [] });
  });
  upper = new Transport(connectionTo(server.url));
  return new Webhook({
    upper: new Client(upper),
    host: '127.0.0.1',
    port: 0,
    certificate: { secret: { namespace: 'ns', name: 'own' }, configuration: 'own', life: 60_000 },
    clientCaFile: undefined,
    keysAbove: new Set(),
    taintKey: 'taint',
    tried: { namespace: 'ns', name: 'tried' },
    logger: pino({ level: 'silent' }),
  });
}

const status = (code: number, reason: string) => ({ kind: 'Status', code, reason, message: reason });

test('ends at once when it is told to, though it never got a certificate', async () => {
  const webhook = await webhookOf((_, response) => sendJson(response, 500, status(500, 'InternalError')));
  const stopping = new AbortController();
  const running = webhook.run(stopping.signal);
  await expect.poll(() => server?.requests.some((request) => request.includes('/secrets/own'))).toBe(true);
  expect(webhook.readiness()).toEqual([
    { name: 'webhook', isReady: false, says: expect.stringMatching(/certificate|list/) },
  ]);
  stopping.abort();
  await running;
});

test('does not start without rights to its Secret, and says what to do', async () => {
  const webhook = await webhookOf((method, response) =>
    method === 'GET'
      ? sendJson(response, 404, status(404, 'NotFound'))
      : sendJson(response, 403, status(403, 'Forbidden')),
  );
  await expect(webhook.run(new AbortController().signal)).rejects.toMatchObject({
    code: 'Forbidden',
    message: 'there is no Secret ns/own, and we may not make it: apply deploy/webhook.yaml',
  });
});

test('serves when there is a certificate, and stops', async () => {
  let kept: object | undefined;
  const webhook = await webhookOf((method, response) => {
    if (method === 'POST') kept = { metadata: { name: 'own' } };
    sendJson(response, kept ? 200 : 404, kept ?? status(404, 'NotFound'));
  });
  const stopping = new AbortController();
  const running = webhook.run(stopping.signal);
  await expect.poll(() => webhook.readiness()[0]?.says).toMatch(/serves port \d+/);
  stopping.abort();
  await running;
});
