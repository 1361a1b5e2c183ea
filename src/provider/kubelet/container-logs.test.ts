import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { getDefaultHighWaterMark, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { KubeError } from '../../kube/errors.ts';
import type { KubeletServer } from './server.ts';
import { ask, clientOf, closeAll, fakeUpper, listen, startServer } from './test-servers.ts';

/** The machine may be busy with everybody else's tests. */
vi.setConfig({ testTimeout: 20_000 });
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 10_000 });

const path = '/containerLogs/default/web/main';

/** What the lower API server answers. */
let onRequest: (request: IncomingMessage, response: ServerResponse) => void;
let asked: IncomingMessage[];
let server: KubeletServer;

beforeEach(async () => {
  asked = [];
  const lower = http.createServer((request, response) => {
    asked.push(request);
    response.on('error', () => {});
    onRequest(request, response);
  });
  const { client } = await fakeUpper(undefined);
  const url = new URL('/base', await listen(lower));
  const headers = { Authorization: 'Bearer of-lower' };
  server = await startServer({ upper: client, lower: clientOf(url, 'lower', headers), verifyClients: false });
});

afterEach(closeAll);

/** A reader that goes at its own pace. */
async function follow(): Promise<{ request: http.ClientRequest; response: IncomingMessage }> {
  const options = {
    host: '127.0.0.1',
    port: server.port,
    path: `${path}?follow=true`,
    rejectUnauthorized: false,
  };
  const request = https.get({ ...options, agent: false });
  request.on('error', () => {});
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return { request, response };
}

it('asks as ourselves and passes on what comes', async () => {
  onRequest = (_request, response) =>
    response.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': 'x=y' }).end('log\n');
  const headers = { authorization: 'Bearer of-the-caller', cookie: 'a=b', 'user-agent': 'someone' };
  const answer = await ask(server, `${path}?tailLines=2&previous=true`, { headers });
  expect(answer).toMatchObject({ status: 200, body: 'log\n', headers: { 'content-type': 'text/plain' } });
  expect(answer.headers).not.toHaveProperty('set-cookie');
  expect(asked[0]?.url).toBe(
    '/base/api/v1/namespaces/default/pods/web/log?container=main&previous=true&tailLines=2',
  );
  expect(asked[0]?.headers).toMatchObject({ authorization: 'Bearer of-lower', 'user-agent': 'someone' });
  expect(asked[0]?.headers).not.toHaveProperty('cookie');
});

it('sends the headers before the first line', async () => {
  onRequest = (_request, response) => response.writeHead(200).flushHeaders();
  const { response } = await follow();
  expect(response.statusCode).toBe(200);
});

it('does not stop and start with each TLS record', () => {
  expect(getDefaultHighWaterMark(false)).toBeGreaterThanOrEqual(4 * 16_384);
});

it('stops reading below when the client does, and then goes on', async () => {
  const piece = Buffer.alloc(1_000_000, 'x');
  let written = 0;
  function* pieces() {
    for (; written < 100; written++) yield piece;
  }
  onRequest = (_request, response) => Readable.from(pieces()).pipe(response);
  const { response } = await follow();
  await sleep(500);
  expect(written).toBeLessThan(60);
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  expect(bytes).toBe(100_000_000);
});

it('leaves the lower server when the client leaves', async () => {
  let left = false;
  onRequest = (_request, response) => {
    response.writeHead(200).write('line\n');
    response.once('close', () => {
      left = true;
    });
  };
  const { request } = await follow();
  expect(server.sessions).toBe(1);
  request.destroy();
  await soon(() => expect(left).toBe(true));
  await soon(() => expect(server.sessions).toBe(0));
});

it('leaves the lower server when the client leaves before the answer', async () => {
  let left = false;
  onRequest = (_request, response) =>
    response.once('close', () => {
      left = true;
    });
  const request = https.get({
    host: '127.0.0.1',
    port: server.port,
    path,
    rejectUnauthorized: false,
    agent: false,
  });
  request.on('error', () => {});
  await soon(() => expect(asked).toHaveLength(1));
  request.destroy();
  await soon(() => expect(left).toBe(true));
  await soon(() => expect(server.sessions).toBe(0));
});

it('lets nobody take a cut log for a whole one', async () => {
  onRequest = (_request, response) => {
    response.writeHead(200).write('line\n');
    setTimeout(() => response.destroy(), 50);
  };
  await expect(ask(server, path)).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  await soon(() => expect(server.sessions).toBe(0));
});

it.each([
  [
    400,
    JSON.stringify({ kind: 'Status', message: 'container "main" is waiting to start' }),
    400,
    'container "main" is waiting to start\n',
  ],
  [404, JSON.stringify({ kind: 'Status', message: 'pods "web" not found' }), 404, 'pods "web" not found\n'],
  [500, 'not json', 500, 'not json\n'],
  [503, '', 503, 'HTTP 503\n'],
  [401, 'no', 502, 'the lower cluster did not accept our credentials\n'],
])('shows a %i to a person', async (status, body, expected, text) => {
  onRequest = (_request, response) => response.writeHead(status).end(body);
  expect(await ask(server, path)).toMatchObject({ status: expected, body: text });
});

it('keeps to itself why there are no credentials', async () => {
  const { client } = await fakeUpper(undefined);
  const lower = clientOf(new URL('http://127.0.0.1:1'), 'lower');
  const credentials = () => Promise.reject(new KubeError('Configuration', 'exec plugin said: secret'));
  Object.assign(lower.transport.connection, { credentials });
  const poor = await startServer({ upper: client, lower, verifyClients: false });
  const body = 'the lower cluster cannot be asked\n';
  expect(await ask(poor, path)).toMatchObject({ status: 502, body });
});

it('refuses what it does not serve, on a connection that stays', async () => {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  expect(await ask(server, '/configz', { agent })).toMatchObject({
    status: 404,
    headers: { connection: 'keep-alive' },
  });
  expect(await ask(server, path, { agent, method: 'DELETE' })).toMatchObject({
    status: 405,
    headers: { allow: 'GET' },
  });
  expect((await ask(server, '/containerLogs/default/other/main', { agent })).status).toBe(404);
  expect((await ask(server, '/containerLogs/default/%2e%2e/main', { agent })).status).toBe(400);
  expect(asked).toEqual([]);
  agent.destroy();
});

it('does not read a body', async () => {
  const request = https.request({
    host: '127.0.0.1',
    port: server.port,
    path: '/healthz',
    method: 'POST',
    rejectUnauthorized: false,
  });
  request.on('error', () => {});
  request.write(Buffer.alloc(1_000_000));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(405);
  expect(response.headers.connection).toBe('close');
  request.destroy();
});
