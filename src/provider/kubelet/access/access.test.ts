import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https, { type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Client } from '../../../kube/client.ts';
import { secureOptions } from '../../../serving/secure-options.ts';
import type { KubeletServer } from '../server.ts';
import { ask, clientOf, closeAll, type FakeUpper, fakeUpper, listen, startServer } from '../test-servers.ts';
import { selfSigned } from '../tls/self-signed.ts';
import { TestAuthority } from '../tls/test-authority.ts';

/** The machine may be busy with everybody else's tests. */
vi.setConfig({ testTimeout: 20_000 });
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 10_000 });

let authority: TestAuthority;
let stranger: TestAuthority;
let upper: FakeUpper;
let lower: Client;
let server: KubeletServer;

beforeAll(async () => {
  authority = await TestAuthority.create('clients');
  stranger = await TestAuthority.create('strangers');
});

beforeEach(async () => {
  upper = await fakeUpper(authority.cert);
  lower = clientOf(new URL('http://127.0.0.1:1'), 'lower');
  server = await startServer({ upper: upper.client, lower });
});

afterEach(closeAll);

const bearer = (token: string): RequestOptions => ({ headers: { authorization: `Bearer ${token}` } });
const health = async (options: RequestOptions = {}) => (await ask(server, '/healthz', options)).status;

describe('a client certificate', () => {
  it('names user and groups', async () => {
    const organizations = ['one', 'two'];
    expect(await health(await authority.issue({ commonNames: ['jo'], organizations }))).toBe(200);
    expect(upper.attempts).toEqual([
      {
        user: 'jo',
        groups: ['one', 'two', 'system:authenticated'],
        resourceAttributes: {
          verb: 'get',
          group: '',
          version: 'v1',
          resource: 'nodes',
          subresource: 'healthz',
          name: 'vk',
        },
      },
    ]);
  });

  it.each([
    ['of another authority', () => stranger.issue({ commonNames: ['admin'] })],
    ['that has expired', () => authority.issue({ commonNames: ['admin'], expires: -1 })],
    ['for servers', () => authority.issue({ commonNames: ['admin'], usage: 'server' })],
    ['without a name', () => authority.issue({ commonNames: [], organizations: ['system:masters'] })],
    ['with two names', () => authority.issue({ commonNames: ['jo', 'admin'] })],
  ])('%s is none', async (_name, certificate) => {
    expect(await health(await certificate())).toBe(401);
    expect(upper.attempts).toEqual([]);
  });

  it('is none where the client CA is not known', async () => {
    upper.clientCa = undefined;
    const blind = await startServer({ upper: upper.client, lower });
    expect((await ask(blind, '/healthz', await authority.issue({ commonNames: ['jo'] }))).status).toBe(401);
  });

  it('of a public authority is none where the client CA is not known', async () => {
    // A missing `ca` would mean Node's own list.
    expect(secureOptions(await selfSigned('vk', []), undefined, 'the test').ca).toEqual([]);
  });

  it('is followed by a token where it is none', async () => {
    upper.users['good'] = { username: 'robot' };
    const certificate = await stranger.issue({ commonNames: ['admin'] });
    expect(await health({ ...certificate, ...bearer('good') })).toBe(200);
    expect(upper.attempts[0]?.user).toBe('robot');
  });
});

describe('a bearer token', () => {
  it('is reviewed once, and so is what its owner may do', async () => {
    upper.users['good'] = { username: 'robot', groups: ['robots'] };
    const answers = await Promise.all([
      health(bearer('good')),
      health(bearer('good')),
      health(bearer('good')),
    ]);
    expect([...answers, await health(bearer('good'))]).toEqual([200, 200, 200, 200]);
    expect(upper.tokens).toEqual([{ token: 'good' }]);
    expect(upper.attempts).toMatchObject([{ user: 'robot', groups: ['robots'] }]);
  });

  it.each(['Basic Z29vZA==', 'Bearer', 'Bearer good better', 'good'])(
    'is not "%s"',
    async (authorization) => {
      upper.users['good'] = { username: 'robot' };
      expect(await health({ headers: { authorization } })).toBe(401);
      expect(upper.tokens).toEqual([]);
    },
  );

  it('is one of few that a connection may have reviewed at once', async () => {
    const client = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
    client.on('error', () => {}).resume();
    const one = (index: number) => `GET /pods HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t${index}\r\n\r\n`;
    client.write(Array.from({ length: 5_000 }, (_, index) => one(index)).join(''));
    await new Promise((resolve) => client.once('close', resolve));
    expect(upper.tokens.length).toBeLessThan(100);
    await soon(() => expect(server.sessions).toBe(0));
  });

  it('says nothing where tokens are not taken', async () => {
    upper.users['good'] = { username: 'robot' };
    const strict = await startServer({ upper: upper.client, lower, acceptTokens: false });
    expect((await ask(strict, '/healthz', bearer('good'))).status).toBe(401);
    expect(upper.tokens).toEqual([]);
  });

  it('that nobody knows is no token', async () => {
    expect(await health(bearer('bad'))).toBe(401);
    expect(await health(bearer('bad'))).toBe(401);
    expect(upper.tokens).toEqual([{ token: 'bad' }]);
  });
});

describe('permissions', () => {
  it.each([
    ['GET', '/containerLogs/default/web/main', 'get', ['proxy']],
    ['GET', '/exec/default/web/main', 'create', ['proxy']],
    ['POST', '/exec/default/web/main', 'create', ['proxy']],
    ['GET', '/attach/default/web/main', 'create', ['proxy']],
    ['GET', '/portForward/default/web', 'create', ['proxy']],
    ['GET', '/healthz', 'get', ['healthz', 'proxy']],
    ['DELETE', '/healthz', 'delete', ['healthz', 'proxy']],
    ['GET', '/constructor', 'get', ['proxy']],
    ['PUT', '/exec%2f/x', 'update', ['proxy']],
    ['PATCH', '/%zz', 'patch', ['proxy']],
  ])('%s %s needs %s', async (method, path, verb, subresources) => {
    upper.users['good'] = { username: 'robot' };
    upper.allows = () => false;
    const { status, body } = await ask(server, path, { method, ...bearer('good') });
    expect(status).toBe(403);
    expect(body).toBe(
      `Forbidden: user "robot" may not ${verb} ${subresources.map((name) => `nodes/${name}`).join(' or ')} of "vk"\n`,
    );
    expect(upper.attempts.map((attempt) => attempt.resourceAttributes)).toMatchObject(
      subresources.map((subresource) => ({ verb, subresource, resource: 'nodes', name: 'vk' })),
    );
  });

  it('cannot be told when the upper cluster is away', async () => {
    const certificate = await authority.issue({ commonNames: ['jo'] });
    upper.server.closeAllConnections();
    upper.server.close();
    expect(await health(certificate)).toBe(503);
    expect(await health(bearer('good'))).toBe(503);
    expect(await health()).toBe(401);
  });
});

it('lets everybody in when told so', async () => {
  const open = await startServer({ upper: upper.client, lower, verifyClients: false });
  expect((await ask(open, '/healthz')).status).toBe(200);
  expect((await ask(open, '/nothing')).status).toBe(404);
});

describe('a change', () => {
  it('of the client CA is followed, also on connections that were there before', async () => {
    const following = await startServer({ upper: upper.client, lower, refreshPeriod: 20 });
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    const old = { ...(await authority.issue({ commonNames: ['jo'] })), agent };
    expect((await ask(following, '/healthz', old)).status).toBe(200);
    upper.clientCa = stranger.cert;
    const now = await stranger.issue({ commonNames: ['li'] });
    await soon(async () => expect((await ask(following, '/healthz', now)).status).toBe(200));
    // A connection that is just being closed fails the one request; the next finds out.
    const answer = await ask(following, '/healthz', old).catch(() => ask(following, '/healthz', old));
    expect(answer.status).toBe(401);
    agent.destroy();
  });

  it('of the client CA is followed on a connection that was busy meanwhile', async () => {
    let finish = () => {};
    const slow = http.createServer((_request, response) => {
      response.writeHead(200).flushHeaders();
      finish = () => response.end('log');
    });
    const below = clientOf(await listen(slow), 'lower');
    const following = await startServer({ upper: upper.client, lower: below, refreshPeriod: 20 });
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    const old = { ...(await authority.issue({ commonNames: ['jo'] })), agent };
    const log = ask(following, '/containerLogs/default/web/main', old);
    await soon(() => expect(following.sessions).toBe(1));
    upper.clientCa = stranger.cert;
    const now = await stranger.issue({ commonNames: ['li'] });
    await soon(async () => expect((await ask(following, '/healthz', now)).status).toBe(200));
    finish();
    expect(await log).toMatchObject({ status: 200, body: 'log' });
    expect((await ask(following, '/healthz', old)).status).toBe(401);
    agent.destroy();
  });

  it('of the serving certificate is followed, and half a change is not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'isthmus-'));
    const files = { certFile: join(folder, 'c.pem'), keyFile: join(folder, 'k.pem') };
    const one = await authority.issue({ commonNames: ['one'], usage: 'server' });
    const two = await authority.issue({ commonNames: ['two'], usage: 'server' });
    const write = ({ cert, key }: typeof one) => {
      writeFileSync(files.certFile, cert);
      writeFileSync(files.keyFile, key);
    };
    write(one);
    const following = await startServer({
      upper: upper.client,
      lower,
      certificate: files,
      refreshPeriod: 20,
    });
    expect(await servedName(following.port)).toBe('one');
    write({ cert: two.cert, key: one.key });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await servedName(following.port)).toBe('one');
    write(two);
    await soon(async () => expect(await servedName(following.port)).toBe('two'));
    rmSync(folder, { recursive: true });
  });
});

it.each([
  [
    'a certificate that is not there',
    { certificate: { certFile: '/no/such', keyFile: '/no/such' } },
    /\/no\/such/,
  ],
  ['a client CA that is not there', { clientCaFile: '/no/such' }, /\/no\/such/],
  ['a client CA that is none', { clientCaFile: '/etc/hostname' }, /no PEM certificate/],
])('%s ends the start', async (_name, options, message) => {
  const start = startServer({ upper: upper.client, lower, ...options });
  await expect(start).rejects.toMatchObject({
    code: 'Configuration',
    message: expect.stringMatching(message),
  });
});

it('a port that is taken ends the start', async () => {
  const start = startServer({ upper: upper.client, lower, port: server.port });
  await expect(start).rejects.toMatchObject({
    code: 'Configuration',
    message: expect.stringMatching(/EADDRINUSE/),
  });
});

async function servedName(port: number): Promise<string | string[] | undefined> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  try {
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    return socket.getPeerCertificate().subject.CN;
  } finally {
    socket.destroy();
  }
}
