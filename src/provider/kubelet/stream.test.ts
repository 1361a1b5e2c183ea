import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubeletServer } from './server.ts';
import { ask, clientOf, closeAll, type FakeUpper, fakeUpper, listen, startServer } from './test-servers.ts';
import { selfSigned } from './tls/self-signed.ts';
import { TestAuthority } from './tls/test-authority.ts';

/** The machine may be busy with everybody else's tests. */
vi.setConfig({ testTimeout: 20_000 });
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 10_000 });

const path = '/exec/default/web/main?command=cat&input=1&output=1';
const switching =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\nX-Odd: yes\r\n\r\n';

/** What the lower API server does with an upgrade. */
let onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
let seen: IncomingMessage[];
let upper: FakeUpper;
let server: KubeletServer;
let lowerSockets: Set<Socket>;
let lowerUrl: URL;

beforeEach(async () => {
  seen = [];
  lowerSockets = new Set();
  const lower = https.createServer({
    ...(await selfSigned('lower', [])),
    allowHalfOpen: true,
  } as https.ServerOptions);
  lower.on('upgrade', (request, socket, head) => {
    seen.push(request);
    lowerSockets.add(socket as Socket);
    socket.on('error', () => {});
    onUpgrade(request, socket, head);
  });
  upper = await fakeUpper(undefined);
  upper.users['good'] = { username: 'robot' };
  lowerUrl = new URL('/k8s/clusters/one/', await listen(lower));
  server = await startServer({
    upper: upper.client,
    lower: clientOf(lowerUrl, 'lower', { Authorization: 'Bearer of-lower' }),
  });
});

afterEach(async () => {
  for (const socket of lowerSockets) socket.destroy();
  await closeAll();
});

/** A client that says what it wants and then only talks in bytes. */
async function dial(
  port: number,
  request = `POST ${path}`,
  more: string[] = [],
  behind = '',
): Promise<tls.TLSSocket> {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    allowHalfOpen: true,
  } as tls.ConnectionOptions);
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  const headers = [
    'Host: kubelet',
    'Authorization: Bearer good',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    ...more,
  ];
  socket.write(`${request} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${behind}`);
  return socket;
}

/** Not by iteration: that destroys the socket at the end, and with it what was to be said afterwards. */
async function allOf(socket: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!socket.readableEnded) await once(socket, 'end');
  return Buffer.concat(chunks).toString('latin1');
}

describe('an upgraded connection', () => {
  it('carries what was sent along with the request and with the answer', async () => {
    onUpgrade = (_request, socket) => {
      socket.write(`${switching}first `);
      socket.once('data', (chunk: Buffer) => socket.end(`got ${chunk}`));
    };
    const client = await dial(server.port, `POST ${path}`, ['Content-Length: 0'], 'early');
    expect(await allOf(client)).toBe(`${switching}first got early`);
    client.end();
    await soon(() => expect(server.sessions).toBe(0));
  });

  it('passes the end of stdin on and still brings the answer', async () => {
    onUpgrade = (_request, socket) => {
      socket.write(switching);
      void allOf(socket).then((text) => setTimeout(() => socket.end(`exit ${text.length}`), 100));
    };
    const client = await dial(server.port);
    const answer = allOf(client);
    client.end('x'.repeat(1_000_000));
    expect(await answer).toBe(`${switching}exit 1000000`);
  });

  it('brings what was sent before the lower side closed, though the client is slow and still talks', async () => {
    onUpgrade = (_request, socket) => {
      socket.write(switching);
      socket.end('y'.repeat(5_000_000));
    };
    const client = await dial(server.port);
    const chatter = setInterval(() => client.write('more'), 5);
    await sleep(300);
    const text = await allOf(client);
    clearInterval(chatter);
    client.destroy();
    expect(text.length).toBe(switching.length + 5_000_000);
    await soon(() => expect(server.sessions).toBe(0));
  });

  it('brings what was sent before the lower side was gone, though the client knows nothing of it', async () => {
    onUpgrade = (_request, socket) => {
      socket.write(switching);
      socket.end('z'.repeat(200_000));
      setTimeout(() => socket.destroy(), 100);
    };
    const client = await dial(server.port);
    await sleep(200);
    const chatter = setInterval(() => client.write('more'), 1);
    await sleep(300);
    const text = await allOf(client);
    clearInterval(chatter);
    expect(text.length).toBe(switching.length + 200_000);
    client.destroy();
    await soon(() => expect(server.sessions).toBe(0));
  });

  it('asks the lower server for the same, as ourselves', async () => {
    onUpgrade = (_request, socket) => socket.end(switching);
    const protocols = 'v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.c2VjcmV0, v4.channel.k8s.io';
    await allOf(
      await dial(server.port, `GET ${path}`, [
        'X-Stream-Protocol-Version: v5.channel.k8s.io',
        'X-Stream-Protocol-Version: v4.channel.k8s.io',
        `Sec-WebSocket-Protocol: ${protocols}`,
        'Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.c2VjcmV0',
        'Sec-WebSocket-Key: abc',
        'Cookie: secret',
        'X-Forwarded-For: secret',
        'X-Remote-User: secret',
        'Impersonate-User: secret',
        'Transfer-Encoding: chunked',
      ]),
    );
    const [request] = seen;
    expect(request?.method).toBe('GET');
    expect(request?.url).toBe(
      '/k8s/clusters/one/api/v1/namespaces/default/pods/web/exec?container=main&stdin=true&stdout=true&stderr=false&tty=false&command=cat',
    );
    expect(request?.headersDistinct).toEqual({
      host: [expect.stringMatching(/^127/)],
      authorization: ['Bearer of-lower'],
      connection: ['Upgrade'],
      upgrade: ['SPDY/3.1'],
      'x-stream-protocol-version': ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
      'sec-websocket-protocol': ['v5.channel.k8s.io, v4.channel.k8s.io'],
      'sec-websocket-key': ['abc'],
    });
  });

  it.each([
    ['the client', (client: Socket) => client.destroy()],
    ['the lower side', (_client: Socket, below: Socket | undefined) => below?.destroy()],
  ])('ends when %s goes', async (_who, go) => {
    onUpgrade = (_request, socket) => {
      socket.write(switching);
      socket.resume().once('end', () => socket.end());
    };
    const client = await dial(server.port);
    await once(client, 'data');
    expect(server.sessions).toBe(1);
    const [below] = lowerSockets;
    go(client, below);
    client.resume();
    client.once('end', () => client.end());
    await soon(() => expect(server.sessions).toBe(0));
    await soon(() => expect(below?.readableEnded || below?.destroyed).toBe(true));
  });

  it('ends when nobody says anything for the idle time', async () => {
    onUpgrade = (_request, socket) => socket.write(switching);
    const hasty = await startServer({
      upper: upper.client,
      lower: clientOf(lowerUrl, 'lower'),
      idleTimeout: 300,
    });
    const client = await dial(hasty.port);
    await once(client, 'data');
    for (let spoken = 0; spoken < 5; spoken++) {
      await sleep(150);
      client.write('still here');
      expect(hasty.sessions).toBe(1);
    }
    client.resume();
    client.once('end', () => client.end());
    await soon(() => expect(hasty.sessions).toBe(0));
  });

  it('is waited for when the server stops, then ended', async () => {
    onUpgrade = (_request, socket) => socket.write(switching);
    const client = await dial(server.port);
    await once(client, 'data');
    const ended = once(client, 'end');
    const before = performance.now();
    await server.close(200);
    expect(performance.now() - before).toBeGreaterThan(190);
    expect(server.sessions).toBe(0);
    await ended;
  });

  it('lives through a new serving certificate and a new client CA', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'isthmus-'));
    const certificate = { certFile: join(folder, 'c.pem'), keyFile: join(folder, 'k.pem') };
    const serve = async (name: string) => {
      const pair = await authority.issue({ commonNames: [name], usage: 'server' });
      writeFileSync(certificate.certFile, pair.cert);
      writeFileSync(certificate.keyFile, pair.key);
    };
    const authority = await TestAuthority.create('first');
    await serve('before');
    upper.clientCa = authority.cert;
    const lower = clientOf(lowerUrl, 'lower');
    const rotating = await startServer({ upper: upper.client, lower, certificate, refreshPeriod: 20 });
    onUpgrade = (_request, socket) => {
      socket.write(switching);
      socket.pipe(socket);
    };
    const client = await dial(rotating.port);
    await once(client, 'data');
    upper.clientCa = (await TestAuthority.create('second')).cert;
    await serve('after');
    await soon(async () => {
      const other = await dial(rotating.port);
      const { subject } = other.getPeerCertificate();
      other.destroy();
      expect(subject.CN).toBe('after');
    });
    client.write('still here');
    expect(String(await once(client, 'data'))).toBe('still here');
    client.destroy();
    rmSync(folder, { recursive: true });
  });

  it('that ends by itself lets the server stop at once', async () => {
    onUpgrade = (_request, socket) => {
      socket.write(switching);
      setTimeout(() => socket.end(), 100);
    };
    const client = await dial(server.port);
    client.resume();
    client.once('end', () => client.end());
    await soon(() => expect(server.sessions).toBe(1));
    const before = performance.now();
    await server.close(60_000);
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});

describe('a refusal', () => {
  it('of the lower server comes through whole', async () => {
    const body = JSON.stringify({ kind: 'Status', code: 404, message: 'no such pod' });
    onUpgrade = (_request, socket) =>
      socket.end(
        `HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    const answer = await allOf(await dial(server.port));
    expect(answer).toMatch(/^HTTP\/1.1 404 Not Found\r\n/);
    expect(answer).toContain('content-type: application/json');
    expect(answer).toContain(body);
    await soon(() => expect(server.sessions).toBe(0));
  });

  it('of our own credentials is no refusal of the caller', async () => {
    onUpgrade = (_request, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
    expect(await allOf(await dial(server.port))).toMatch(/^HTTP\/1.1 502 /);
  });

  it.each([
    ['a caller nobody knows', 401, `POST ${path}`, 'bad'],
    ['a pod that is not ours', 404, 'POST /exec/default/other/main', 'good'],
    ['no pod', 400, 'POST /exec/default/..%2f/main', 'good'],
    ['a path without streams', 404, 'POST /nothing', 'good'],
    ['a wrong method', 405, `PUT ${path}`, 'good'],
  ])('for %s is ours, and nothing is dialled', async (_name, code, request, token) => {
    const client = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
    client.write(
      `${request} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n`,
    );
    const answer = await allOf(client);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${code} `));
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ kind: 'Status', code });
    expect(seen).toEqual([]);
    await soon(() => expect(server.sessions).toBe(0));
  });

  it('for h2c is ours: it would carry requests past us', async () => {
    const answer = await allOf(await dial(server.port, `GET ${path}`, ['Upgrade: h2c']));
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(seen).toEqual([]);
  });

  it('tells of a lower cluster that is away, and nothing of how we get there', async () => {
    const away = new URL('http://user:secret@127.0.0.1:1/secret');
    const lonely = await startServer({
      upper: upper.client,
      lower: clientOf(away, 'lower', { Authorization: 'Bearer of-lower' }),
    });
    const answer = await allOf(await dial(lonely.port));
    expect(answer).toMatch(/^HTTP\/1.1 502 /);
    expect(answer).toContain('ECONNREFUSED');
    expect(answer).not.toMatch(/secret|of-lower/);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ kind: 'Status', code: 502 });
  });

  it('is the end of a connection that upgrades before an earlier request has its answer', async () => {
    const client = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
    client.on('error', () => {});
    const first = 'GET /healthz HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n';
    const second = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n`;
    client.end(first + second);
    client.resume();
    await once(client, 'close');
    expect(seen).toEqual([]);
    await soon(() => expect(server.sessions).toBe(0));
    expect(await ask(server, '/healthz', { headers: { authorization: 'Bearer good' } })).toMatchObject({
      status: 200,
    });
  });

  it('comes to whoever asks for a stream without an upgrade', async () => {
    const headers = { authorization: 'Bearer good' };
    expect(await ask(server, path, { headers })).toMatchObject({ status: 400 });
    expect(seen).toEqual([]);
  });
});

it('a proxy of the kubeconfig is gone through', async () => {
  onUpgrade = (_request, socket) => socket.end(switching);
  const hosts: unknown[] = [];
  class CountingAgent extends https.Agent {
    override createConnection(...[options, done]: Parameters<https.Agent['createConnection']>) {
      hosts.push(options);
      return super.createConnection(options, done);
    }
  }
  const agent = new CountingAgent({ rejectUnauthorized: false });
  const proxied = clientOf(lowerUrl, 'lower');
  Object.assign(proxied.transport.connection, { credentials: async () => ({ tls: {}, headers: {}, agent }) });
  const through = await startServer({ upper: upper.client, lower: proxied });
  expect(await allOf(await dial(through.port))).toBe(switching);
  expect(hosts).toMatchObject([{ host: '127.0.0.1' }]);
});
