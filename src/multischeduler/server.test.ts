import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { testCluster, upperPod } from '../clusters/placement/test-clusters.ts';
import { createLogger } from '../kube/logger.ts';
import { Certificates } from './certificates.ts';
import { ownCertificate } from './own-certificate.ts';
import { type ExtenderServer, startExtenderServer } from './server.ts';
import { testExtender } from './test-extender.ts';

const logger = createLogger('fatal');
const { extender } = testExtender([testCluster('a', [4])]);
let server: ExtenderServer | undefined;
let unready: string | undefined;
let folder: string;

beforeEach(() => {
  unready = undefined;
  folder = mkdtempSync(join(tmpdir(), 'isthmus-extender-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

async function start(tls?: Parameters<typeof startExtenderServer>[0]['tls'], verifiesClients = false) {
  const address = { host: '127.0.0.1', port: 0 };
  server = await startExtenderServer({
    ...address,
    tls,
    verifiesClients,
    extender,
    unready: () => unready,
    logger,
  });
  return server;
}

async function ask(method: string, path: string, body?: string | Buffer, tls?: https.RequestOptions) {
  const options = { host: '127.0.0.1', port: server?.port, method, path, agent: false as const, ...tls };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = tls ? https.request(options, resolve) : http.request(options, resolve);
    request.on('error', reject).end(body);
  });
  return { code: response.statusCode, body: await text(response) };
}

const call = (name: string, cpu: string) =>
  JSON.stringify({ Pod: upperPod(name, cpu), Nodes: null, NodeNames: ['vk-a', 'plain'] });

describe('over plain HTTP', () => {
  test('filter and prioritize, in the words of extender/v1', async () => {
    await start();
    const filtered = await ask('POST', '/filter', call('large', '6'));
    expect(JSON.parse(filtered.body)).toEqual({
      NodeNames: ['plain'],
      FailedAndUnresolvableNodes: { 'vk-a': expect.stringContaining('1 Insufficient cpu') },
      Error: '',
    });
    const ranked = await ask('POST', '/prioritize', call('small', '1'));
    expect(JSON.parse(ranked.body)).toEqual([
      { Host: 'vk-a', Score: expect.any(Number) },
      { Host: 'plain', Score: 0 },
    ]);
  });

  test.each<[string, string | Buffer, RegExp]>([
    ['nothing', '', /no JSON/],
    ['half a body', call('web', '1').slice(0, 50), /no JSON/],
    ['a list', '[]', /the body is missing or something else/],
    ['no pod', '{"NodeNames":[]}', /Pod is missing/],
    ['a pod without name', '{"Pod":{"metadata":{}},"NodeNames":[]}', /Pod\.metadata\.namespace is missing/],
    [
      'a pod of another kind',
      call('web', '1').replace('"containers"', '"tolerations":"all","containers"'),
      /Pod is missing or/,
    ],
    [
      'a pod without end',
      call('web', '1').replace(
        '"containers"',
        `"later":${'['.repeat(50_000)}${']'.repeat(50_000)},"containers"`,
      ),
      /Pod is missing or/,
    ],
    ['nodes instead of names', call('web', '1').replace('NodeNames', 'Names'), /nodeCacheCapable: true/],
  ])('%s is refused with the reason, and the next call is answered', async (_, body, expected) => {
    await start();
    const refused = await ask('POST', '/filter', body);
    expect(refused).toMatchObject({ code: 400, body: expect.stringMatching(expected) });
    expect(await ask('GET', '/healthz')).toEqual({ code: 200, body: 'ok\n' });
  });

  describe('a body that is not read is refused with the status for that', () => {
    const megabytes = (count: number) => Buffer.alloc(count * 1_048_576);
    const agent = new http.Agent({ keepAlive: true });
    afterEach(() => agent.destroy());

    /** A call whose body goes on; and its answer, with what it says of the connection. */
    function begin(chunk: string | Buffer) {
      const call = http.request({ port: server?.port, method: 'POST', path: '/filter', agent });
      const answer = once(call, 'response').then(async ([response]: IncomingMessage[]) => ({
        code: response?.statusCode,
        connection: response?.headers.connection,
        body: response && (await text(response)),
      }));
      answer.catch(() => {});
      call.on('error', () => {}).write(chunk);
      return { call, answer };
    }

    test('when it is too long, and all of it may be sent', async () => {
      await start();
      const { call, answer } = begin(megabytes(11));
      call.end(megabytes(1));
      const body = expect.stringContaining('is longer than');
      expect(await answer).toEqual({ code: 413, connection: 'keep-alive', body });
    });

    test('when too many come at once', async () => {
      await start();
      const calls = Array.from({ length: 7 }, () => begin(megabytes(9)));
      const answer = await Promise.race(calls.map((each) => each.answer));
      const body = 'too many long bodies come at once\n';
      expect(answer).toEqual({ code: 503, connection: 'keep-alive', body });
      for (const { call } of calls) call.destroy();
    });

    test('when it does not come', async () => {
      await start();
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        const { answer } = begin('{');
        while (vi.getTimerCount() === 0) await setImmediate();
        vi.advanceTimersByTime(10_000);
        expect(await answer).toEqual({ code: 408, connection: 'close', body: 'the body did not come\n' });
      } finally {
        vi.useRealTimers();
      }
    });
  });

  test('health, readiness, and nothing else', async () => {
    await start();
    expect(await ask('GET', '/readyz')).toEqual({ code: 200, body: 'ready\n' });
    unready = 'the pods above have not been listed yet';
    expect(await ask('GET', '/readyz')).toEqual({ code: 503, body: `${unready}\n` });
    expect(await ask('GET', '/filter')).toMatchObject({ code: 405 });
    expect(await ask('GET', '/bind')).toMatchObject({ code: 404 });
  });

  test('an address that is taken is said', async () => {
    const { port } = await start();
    const again = { host: '127.0.0.1', port, tls: undefined, verifiesClients: false, extender, logger };
    await expect(startExtenderServer({ ...again, unready: () => undefined })).rejects.toMatchObject({
      code: 'Configuration',
      message: expect.stringMatching(/--address.*EADDRINUSE/),
    });
  });
});

describe('over TLS', () => {
  const names = ['127.0.0.1', 'extender.example'];

  test('with a certificate of our own, which lasts while it covers our names', async () => {
    const own = (wanted = names) => ownCertificate(folder, wanted);
    const { certFile } = await own();
    const [first, authority] = [readFileSync(certFile, 'utf8'), readFileSync(join(folder, 'ca.crt'), 'utf8')];
    await own();
    expect(readFileSync(certFile, 'utf8')).toBe(first);
    await own([...names, 'other.example']);
    expect(readFileSync(certFile, 'utf8')).not.toBe(first);
    expect(readFileSync(join(folder, 'ca.crt'), 'utf8')).toBe(authority);
    await start(
      await new Certificates({
        serving: { directory: folder, names },
        clientCaFile: undefined,
        logger,
      }).load(),
    );
    expect(await ask('GET', '/healthz', undefined, { ca: authority })).toMatchObject({ code: 200 });
    await expect(ask('GET', '/healthz', undefined, {})).rejects.toThrow(/certificate/);
  });

  test('of our own is made anew when it is broken, or of another authority', async () => {
    const { certFile } = await ownCertificate(folder, names);
    const isTrusted = () => {
      const issuer = new X509Certificate(readFileSync(join(folder, 'ca.crt')));
      return new X509Certificate(readFileSync(certFile)).verify(issuer.publicKey);
    };
    writeFileSync(certFile, 'half of it');
    await ownCertificate(folder, names);
    expect(isTrusted()).toBe(true);
    const other = join(folder, 'other');
    await ownCertificate(other, names);
    for (const file of ['ca.crt', 'ca.key']) copyFileSync(join(other, file), join(folder, file));
    expect(isTrusted()).toBe(false);
    await ownCertificate(folder, names);
    expect(isTrusted()).toBe(true);
  });

  test('only callers of the given authority are served', async () => {
    await ownCertificate(folder, names);
    const clients = join(folder, 'clients');
    const { certFile, keyFile } = await ownCertificate(clients, names);
    const clientCaFile = join(clients, 'ca.crt');
    const certificates = new Certificates({ serving: { directory: folder, names }, clientCaFile, logger });
    await start(await certificates.load(), certificates.verifiesClients);
    const ca = readFileSync(join(folder, 'ca.crt'));
    await expect(ask('GET', '/healthz', undefined, { ca })).rejects.toThrow();
    const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)];
    // A certificate for servers alone is none of a client.
    await expect(ask('GET', '/healthz', undefined, { ca, cert, key })).rejects.toThrow();
  });

  test('new files are taken without a restart', async () => {
    const certificates = new Certificates({
      serving: { directory: folder, names },
      clientCaFile: undefined,
      logger,
      period: 10,
    });
    const opened = await start(await certificates.load());
    const stopping = new AbortController();
    const renewed = new Promise<void>((done) => {
      certificates.follow((tls) => {
        opened.renew(tls);
        done();
      }, stopping.signal);
    });
    rmSync(join(folder, 'ca.crt'));
    rmSync(join(folder, 'tls.crt'));
    await renewed;
    stopping.abort();
    const ca = readFileSync(join(folder, 'ca.crt'));
    expect(await ask('GET', '/healthz', undefined, { ca })).toMatchObject({ code: 200 });
  });
});
