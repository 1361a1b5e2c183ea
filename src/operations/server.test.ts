import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../kube/logger.ts';
import type { ReadinessCheck } from './readiness.ts';
import type { OperationsSources } from './routes.ts';
import { type OperationsServer, startOperationsServer } from './server.ts';

let server: OperationsServer;
let checks: ReadinessCheck[];
let metrics: OperationsSources['metrics'];
const logger = createLogger('fatal');

beforeEach(async () => {
  checks = [];
  metrics = { text: async () => 'up 1\n', contentType: 'text/plain; version=0.0.4' };
  await start(false);
});
afterEach(() => server.close());

async function start(isHeapShown: boolean): Promise<void> {
  const sources = { metrics: { text: () => metrics.text(), contentType: metrics.contentType }, isHeapShown };
  const address = { host: undefined, port: 0 };
  server = await startOperationsServer({ ...sources, readiness: () => checks, address, logger });
}

interface Asked {
  method?: string;
  headers?: Record<string, string>;
}

async function ask(path: string, { method = 'GET', headers = {} }: Asked = {}) {
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path, method, headers }, resolve)
      .on('error', reject)
      .end();
  });
  return { code: response.statusCode, headers: response.headers, body: await text(response) };
}

describe('what everybody may ask', () => {
  test('/metrics', async () => {
    expect(await ask('/metrics?x=y')).toMatchObject({ code: 200, body: 'up 1\n' });
    expect((await ask('/metrics')).headers['content-type']).toBe('text/plain; version=0.0.4');
  });

  test('/healthz', async () => {
    expect(await ask('/healthz')).toMatchObject({ code: 200, body: 'ok\n' });
    expect(await ask('/healthz', { method: 'HEAD' })).toMatchObject({ code: 200, body: '' });
  });

  test('/readyz names what is not ready, and asks anew each time', async () => {
    expect(await ask('/readyz')).toMatchObject({ code: 200, body: 'ready\n' });
    checks = [
      { name: 'vk-a', isReady: true, says: 'in step' },
      { name: 'vk-b', isReady: false, says: 'waits for\n lower pods' },
    ];
    expect(await ask('/readyz')).toMatchObject({
      code: 503,
      body: '[+] vk-a: in step\n[-] vk-b: waits for lower pods\nnot ready\n',
    });
  });

  test('nothing else, and nothing but to read', async () => {
    expect(await ask('/etc/passwd')).toMatchObject({
      code: 404,
      body: 'there is /metrics, /healthz, /readyz, /debug/profile, /debug/heap\n',
    });
    const refused = await ask('/metrics', { method: 'POST' });
    expect([refused.code, refused.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test('a failure ends the answer and not the server', async () => {
    metrics = { ...metrics, text: () => Promise.reject(new Error('no')) };
    await expect(ask('/metrics')).rejects.toThrow('hang up');
    expect(await ask('/healthz')).toMatchObject({ code: 200 });
  });
});

describe('/debug/profile', () => {
  test('is a profile of as many seconds, one at a time', async () => {
    const began = performance.now();
    const first = ask('/debug/profile?seconds=0.3');
    const second = await ask('/debug/profile?seconds=0.3');
    const { code, body, headers } = await first;
    expect([code, second.code].sort()).toEqual([200, 429]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(300);
    expect(Object.keys(JSON.parse(body))).toContain('samples');
    expect(headers['content-disposition']).toMatch(/\.cpuprofile"$/);
  });

  test('ends with who asked for it', async () => {
    const left = new AbortController();
    const options = {
      host: '127.0.0.1',
      port: server.port,
      path: '/debug/profile?seconds=100',
      signal: left.signal,
    };
    // It is answered only when it is refused, because the one below was there first.
    const hold = () =>
      request(options, hold)
        .on('error', () => {})
        .end();
    hold();
    const busy = async () => (await ask('/debug/profile?seconds=0.001')).code === 429;
    while (!(await busy()));
    left.abort();
    while (await busy());
  });

  test.each(['0', '-1', 'x', '121', ''])('of %j seconds is refused', async (seconds) => {
    expect(await ask(`/debug/profile?seconds=${seconds}`)).toMatchObject({ code: 400 });
  });
});

describe('/debug', () => {
  test.each([{ host: 'evil.example' }, { origin: 'http://evil.example' }, { host: '10.0.0.1:80' }])(
    'is closed to pages in a browser of this machine: %j',
    async (headers) => {
      expect(await ask('/debug/profile?seconds=0.01', { headers })).toMatchObject({ code: 403 });
    },
  );

  test.each(['localhost:1', '127.0.0.1', '[::1]:80'])('is open to this machine as %s', async (host) => {
    expect(await ask('/debug/profile?seconds=0.01', { headers: { host } })).toMatchObject({ code: 200 });
  });

  test('shows the memory only where that was asked for', async () => {
    expect(await ask('/debug/heap')).toMatchObject({ code: 403, body: /--enable-profiling/ });
    await server.close();
    await start(true);
    const { code, body } = await ask('/debug/heap');
    expect(code).toBe(200);
    expect(body.slice(0, 12)).toBe('{"snapshot":');
    expect(body.at(-1)).toBe('}');
  });
});

test('an address that is taken is said', async () => {
  const address = { host: '127.0.0.1', port: server.port };
  await expect(
    startOperationsServer({ metrics, readiness: () => [], isHeapShown: false, address, logger }),
  ).rejects.toMatchObject({ code: 'Configuration', message: /--metrics-addr.*EADDRINUSE/ });
});
