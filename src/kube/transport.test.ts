import { getEventListeners, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectionTo, type LocalServer, sendJson, startServer } from '../../test/local-server.ts';
import { Client } from './client.ts';
import type { Credentials } from './connection.ts';
import { describeError, hasCode, KubeError } from './errors.ts';
import { RateLimit } from './rate-limit.ts';
import { pods } from './resources.ts';
import { isPassing, Transport, type TransportOptions } from './transport.ts';
import type { ApiVerb, CallObserver } from './transport-request.ts';

let server: LocalServer;
let transport: Transport;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const get = { method: 'GET', path: '/api/v1/pods' } as const;

beforeEach(async () => {
  answer = (_, response) => sendJson(response, 200, { ok: true });
  server = await startServer((request, response) => answer(request, response));
  connect();
});
afterEach(async () => {
  await transport.close();
  await server.close();
});

function connect(
  options: TransportOptions = {},
  credentials?: (renew?: boolean) => Promise<Credentials>,
): void {
  // What takes seconds elsewhere takes tenths here.
  transport = new Transport(connectionTo(server.url, credentials), { evidence: 0, ...options });
}

/** Answers so many times with a refusal, then well. */
function refuse(times: number, status: number, headers = {}): void {
  let left = times;
  answer = (_, response) => {
    left -= 1;
    sendJson(response, left >= 0 ? status : 200, { message: 'said the server' }, headers);
  };
}

const never = () => {};

async function errorOf(promise: Promise<unknown>): Promise<KubeError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof KubeError)) throw new Error(`not a KubeError: ${String(error)}`);
  return error;
}

describe('a request', () => {
  test('carries method, path, query, headers and body, below the path of the server', async () => {
    let body = '';
    let headers: IncomingMessage['headers'] = {};
    answer = (request, response) => {
      headers = request.headers;
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => sendJson(response, 200, { unknownField: [1] }));
    };
    transport = new Transport(
      connectionTo(new URL('/clusters/a/', server.url), async () => ({
        tls: {},
        headers: { Authorization: 'Bearer t' },
      })),
      { userAgent: 'test' },
    );
    const sent = { ...get, method: 'PATCH', query: { a: 'b&c', none: undefined }, body: { ä: 1 } } as const;
    expect(await transport.request({ ...sent, contentType: 'application/merge-patch+json' })).toEqual({
      unknownField: [1],
    });
    expect(server.requests).toEqual(['PATCH /clusters/a/api/v1/pods?a=b%26c']);
    expect(headers).toMatchObject({
      authorization: 'Bearer t',
      'content-type': 'application/merge-patch+json',
      'user-agent': 'test',
      accept: 'application/json',
    });
    expect(body).toBe('{"ä":1}');
  });

  test('uses its connections again', async () => {
    for (let i = 0; i < 50; i++) await transport.request(get);
    await Promise.all(Array.from({ length: 200 }, () => transport.request(get)));
    expect(server.connections).toBeLessThanOrEqual(16);
  });

  test('keeps its connections after deletions, which have a body', async () => {
    for (let turn = 0; turn < 10; turn++)
      await transport.request({ method: 'DELETE', path: '/api/v1/pods/a', body: { kind: 'DeleteOptions' } });
    expect(server.connections).toBeLessThan(4);
  });

  test('fails with what the server said', async () => {
    answer = (_, response) => sendJson(response, 409, { message: 'is there', reason: 'AlreadyExists' });
    const error = await errorOf(transport.request(get));
    expect(error).toMatchObject({
      code: 'AlreadyExists',
      message: 'is there',
      status: { reason: 'AlreadyExists' },
    });
    answer = (_, response) => void response.writeHead(502).end('<html>bad gateway');
    expect(await errorOf(transport.request(get))).toMatchObject({
      code: 'ServerError',
      message: 'GET /api/v1/pods: <html>bad gateway',
    });
    answer = (_, response) => void response.writeHead(404).end();
    expect(await errorOf(transport.request(get))).toMatchObject({ code: 'NotFound', message: 'HTTP 404' });
    answer = (_, response) => sendJson(response, 404, { message: { toString: 1 } });
    expect(await errorOf(transport.request(get))).toMatchObject({
      code: 'NotFound',
      message: '{"message":{"toString":1}}',
    });
  });

  test('fails when the answer is no JSON, or is cut', async () => {
    answer = (_, response) => void response.writeHead(200).end('hello');
    expect(describeError(await errorOf(transport.request(get)))).toMatch(
      /lower API server sent something that is not JSON/,
    );
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"half":');
      setImmediate(() => response.destroy());
    };
    expect(await errorOf(transport.request(get))).toMatchObject({ code: 'Unreachable' });
  });
});

describe('a server that is busy', () => {
  test('is asked again after the time it named', async () => {
    refuse(1, 429, { 'retry-after': '1' });
    const began = performance.now();
    await transport.request(get);
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
    expect(server.requests).toHaveLength(2);
  });

  test.each([429, 500, 503, 504])('is asked five times at most, HTTP %i', async (status) => {
    refuse(100, status, { 'retry-after': '0' });
    expect(isPassing(await errorOf(transport.request(get)))).toBe(true);
    expect(server.requests).toHaveLength(5);
  });

  test('is not asked again when it names no time, but for 429', async () => {
    refuse(1, 503);
    expect(await errorOf(transport.request(get))).toMatchObject({ code: 'ServerError' });
    expect(server.requests).toHaveLength(1);
    refuse(1, 429);
    expect(await transport.request(get)).toBeDefined();
    expect(server.requests).toHaveLength(3);
  });

  test('is asked for a watch again too', async () => {
    refuse(2, 429, { 'retry-after': '0' });
    (await transport.stream(get)).destroy();
    expect(server.requests).toHaveLength(3);
  });

  test('does not keep a caller that gives up, nor a transport that closes', async () => {
    refuse(100, 429, { 'retry-after': '20' });
    const given = new AbortController();
    const calls = [
      errorOf(transport.request({ ...get, signal: given.signal })),
      errorOf(transport.request(get)),
    ];
    await vi.waitUntil(() => server.requests.length === 2);
    const began = performance.now();
    given.abort();
    expect(await calls[0]).toMatchObject({ code: 'Aborted' });
    await transport.close();
    expect(await calls[1]).toMatchObject({ code: 'Aborted' });
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('a server that cannot be reached', () => {
  test('is told with its name, address and the reason', async () => {
    await server.close();
    const error = await errorOf(transport.request(get));
    expect(error.code).toBe('Unreachable');
    expect(describeError(error)).toMatch(
      /^the lower API server http:\/\/127\.0\.0\.1:\d+ cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:\d+$/,
    );
    server = await startServer(never);
  });

  test('because its name does not resolve', async () => {
    transport = new Transport(connectionTo(new URL('https://nowhere.invalid')));
    expect(describeError(await errorOf(transport.request(get)))).toMatch(
      /cannot be reached: getaddrinfo \w+ nowhere\.invalid$/,
    );
  });

  test('because it hangs, after the timeout', async () => {
    answer = never;
    const began = performance.now();
    const error = await errorOf(transport.request({ ...get, timeout: 300 }));
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(describeError(error)).toMatch(/cannot be reached: there was no answer within 0.3 s$/);
    expect(isPassing(error)).toBe(true);
  });

  test('because every connection is taken by others, after the timeout too', async () => {
    connect({ connections: 1 });
    answer = never;
    const slow = errorOf(transport.request(get));
    await vi.waitUntil(() => server.requests.length === 1);
    const error = await errorOf(transport.request({ ...get, timeout: 200 }));
    expect(describeError(error)).toMatch(/there was no answer within 0.2 s$/);
    const given = new AbortController();
    const waiting = errorOf(transport.request({ ...get, signal: given.signal }));
    given.abort();
    expect((await waiting).code).toBe('Aborted');
    expect(server.requests).toHaveLength(1);
    await transport.close();
    expect((await slow).code).toBe('Aborted');
  });

  test('over connections that are half open, is reached over new ones next time', async () => {
    const dead = new Set<unknown>();
    answer = ({ socket }, response) => {
      if (!dead.has(socket)) sendJson(response, 200, {});
      dead.add(socket);
    };
    await Promise.all(Array.from({ length: 10 }, () => transport.request({ ...get, timeout: 1_000 })));
    const made = server.connections;
    expect(await errorOf(transport.request({ ...get, timeout: 200 }))).toMatchObject({ code: 'Unreachable' });
    await transport.request({ ...get, timeout: 1_000 });
    expect(server.connections).toBe(made + 1);
  });

  test('only by one slow call, keeps its other connections', async () => {
    answer = ({ url }, response) => {
      if (!url?.includes('slow')) setTimeout(() => sendJson(response, 200, {}), 50);
    };
    const six = () => Promise.all(Array.from({ length: 6 }, () => transport.request(get)));
    await six();
    const slow = errorOf(transport.request({ ...get, query: { slow: '1' }, timeout: 300 }));
    await vi.waitUntil(() => server.requests.length === 7);
    await transport.request(get);
    expect((await slow).code).toBe('Unreachable');
    const made = server.connections;
    await six();
    expect(server.connections).toBeLessThan(made + 6);
  });

  test('because it hangs in the middle of its answer', async () => {
    answer = (_, response) => void response.writeHead(200).write('{');
    expect(describeError(await errorOf(transport.request({ ...get, timeout: 300 })))).toMatch(
      /Body Timeout Error$/,
    );
  });

  test('fails for good only when the request itself was at fault', () => {
    for (const code of [
      'Unreachable',
      'ServerError',
      'TooManyRequests',
      'Unauthorized',
      'Configuration',
    ] as const)
      expect(isPassing(new KubeError(code, ''))).toBe(true);
    for (const code of ['Forbidden', 'Invalid', 'NotFound', 'Conflict', 'Aborted'] as const)
      expect(isPassing(new KubeError(code, ''))).toBe(false);
    expect(isPassing(new Error('other'))).toBe(false);
  });
});

describe('urgent calls', () => {
  test('do not wait behind slow ones, nor for the rate limit', async () => {
    connect({ rateLimit: new RateLimit({ qps: 0.01, burst: 20 }) });
    answer = ({ url }, response) => {
      if (url?.includes('urgent')) sendJson(response, 200, {});
    };
    const slow = Array.from({ length: 40 }, () => errorOf(transport.request(get)));
    await vi.waitUntil(() => server.requests.length === 16);
    await transport.request({ ...get, query: { urgent: '1' }, urgent: true, timeout: 5_000 });
    await transport.close();
    for (const error of await Promise.all(slow)) expect(error.code).toBe('Aborted');
  });

  test('are the only ones that pass by the rate limit; who gives up waiting is told so', async () => {
    connect({ rateLimit: new RateLimit({ qps: 0.01, burst: 1 }) });
    await transport.request(get);
    const given = new AbortController();
    const waiting = errorOf(transport.request({ ...get, signal: given.signal }));
    given.abort();
    expect(hasCode(await waiting, 'Aborted')).toBe(true);
    expect(server.requests).toHaveLength(1);
  });
});

describe('connections that are dead', () => {
  test('fail the calls that wait on them as soon as a new one brings an answer', async () => {
    let isDead = true;
    answer = (_, response) => {
      if (!isDead) sendJson(response, 200, {});
    };
    const waiting = errorOf(transport.request({ ...get, timeout: 60_000 }));
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    await errorOf(transport.request({ ...get, urgent: true, timeout: 100 }));
    isDead = false;
    await transport.request(get);
    expect(await waiting).toMatchObject({ code: 'Unreachable' });
  });

  test('are not those on which something came meanwhile: what waits there goes on', async () => {
    const answers: ServerResponse[] = [];
    answer = ({ url }, response) => {
      if (url?.includes('slow')) answers.push(response);
      else sendJson(response, 200, {});
    };
    const slow = transport.request<{ is: string }>({ ...get, query: { slow: '1' } });
    const late = errorOf(transport.request({ ...get, query: { slow: '2' }, timeout: 200 }));
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    await transport.request(get);
    await late;
    await transport.request(get);
    for (const response of answers) sendJson(response, 200, { is: 'slow' });
    expect(await slow).toEqual({ is: 'slow' });
  });
});

describe('a stream', () => {
  test('brings what comes as it comes, and ends with its signal', async () => {
    let write: (text: string) => void = never;
    answer = (_, response) => {
      response.writeHead(200).flushHeaders();
      write = (text) => response.write(text);
    };
    const stopped = new AbortController();
    const stream = await transport.stream({ ...get, signal: stopped.signal });
    write('one');
    expect(`${(await once(stream, 'data'))[0]}`).toBe('one');
    const failed = once(stream, 'error');
    stopped.abort();
    await failed;
    expect(stream.destroyed).toBe(true);
  });

  test('that nobody reads may be ended without a crash', async () => {
    answer = (_, response) => response.writeHead(200).flushHeaders();
    const stream = await transport.stream(get);
    stream.destroy();
    await new Promise((done) => stream.once('close', done));
  });

  test('that is refused fails as any call', async () => {
    answer = (_, response) => sendJson(response, 410, { message: 'too old', reason: 'Expired' });
    expect(await errorOf(transport.stream(get))).toMatchObject({ code: 'Gone', message: 'too old' });
  });

  test('that is silent ends when a call beside it gets no answer: its connection may be as dead', async () => {
    answer = ({ url }, response) => {
      if (url?.includes('watch')) response.writeHead(200).flushHeaders();
    };
    const stream = await transport.stream({ ...get, query: { watch: '1' } });
    const failed = once(stream, 'error');
    expect((await errorOf(transport.request({ ...get, timeout: 100 }))).code).toBe('Unreachable');
    await failed;
    expect(stream.destroyed).toBe(true);
  });

  test('that is silent goes on when a call beside it was only given little time', async () => {
    answer = ({ url }, response) => {
      if (url?.includes('watch')) response.writeHead(200).flushHeaders();
    };
    await transport.close();
    connect({ evidence: 150 });
    const stream = await transport.stream({ ...get, query: { watch: '1' } });
    expect((await errorOf(transport.request({ ...get, timeout: 100 }))).code).toBe('Unreachable');
    expect(stream.destroyed).toBe(false);
    const failed = once(stream, 'error');
    await errorOf(transport.request({ ...get, timeout: 150 }));
    await failed;
  });

  test('that was silent since a call with little time got no answer ends later, once others are answered', async () => {
    let isDead = true;
    answer = ({ url }, response) => {
      if (url?.includes('watch')) response.writeHead(200).flushHeaders();
      else if (!isDead) sendJson(response, 200, {});
    };
    await transport.close();
    connect({ evidence: 400 });
    const stream = await transport.stream({ ...get, query: { watch: '1' } });
    const failed = once(stream, 'error');
    const waiting = transport.request({ ...get, query: { slow: '1' }, timeout: 60_000 });
    await vi.waitFor(() => expect(server.requests).toHaveLength(2));
    await errorOf(transport.request({ ...get, timeout: 100 }));
    const suspected = performance.now();
    isDead = false;
    await transport.request(get);
    expect(stream.destroyed).toBe(false);
    await vi.waitUntil(async () => {
      await transport.request(get);
      return stream.destroyed;
    });
    expect(performance.now() - suspected).toBeGreaterThan(390);
    await failed;
    const gaveUp = errorOf(waiting);
    await transport.close();
    expect(await gaveUp).toMatchObject({ code: 'Aborted' });
  });

  test('that has outlived one doubt of its connection ends after the next that it does not', async () => {
    let isDead = true;
    let write: (text: string) => void = never;
    answer = ({ url }, response) => {
      if (url?.includes('watch')) {
        response.writeHead(200).flushHeaders();
        write = (text) => response.write(text);
      } else if (!isDead) sendJson(response, 200, {});
    };
    await transport.close();
    connect({ evidence: 200 });
    const stream = await transport.stream({ ...get, query: { watch: '1' } });
    const failed = once(stream, 'error');
    const doubt = async () => {
      isDead = true;
      await errorOf(transport.request({ ...get, timeout: 100 }));
      isDead = false;
    };
    await doubt();
    const heard = once(stream, 'data');
    write('one');
    await heard;
    const answers = performance.now() + 300;
    await vi.waitUntil(async () => {
      await transport.request(get);
      return performance.now() > answers;
    });
    expect(stream.destroyed).toBe(false);
    await doubt();
    await vi.waitUntil(async () => {
      await transport.request(get);
      return stream.destroyed;
    });
    await failed;
  });

  test('that brings something meanwhile goes on', async () => {
    let write: (text: string) => void = never;
    answer = ({ url }, response) => {
      if (!url?.includes('watch')) return;
      response.writeHead(200).flushHeaders();
      write = (text) => response.write(text);
    };
    const stream = await transport.stream({ ...get, query: { watch: '1' } });
    stream.on('data', never);
    const unanswered = errorOf(transport.request({ ...get, timeout: 200 }));
    await vi.waitFor(() => expect(server.requests).toHaveLength(2));
    write('one');
    await unanswered;
    write('two');
    expect(`${(await once(stream, 'data'))[0]}`).toBe('two');
  });

  test('has a connection of its own, so that any number may be open', async () => {
    answer = ({ url }, response) => {
      if (url?.includes('watch')) response.writeHead(200).flushHeaders();
      else sendJson(response, 200, {});
    };
    const streams = await Promise.all(
      Array.from({ length: 40 }, () => transport.stream({ ...get, query: { watch: '1' } })),
    );
    await transport.request(get);
    for (const stream of streams) stream.destroy();
  });
});

describe('an observer', () => {
  test('is told of each attempt by verb and code, and of waits for the rate limit', async () => {
    const told: [ApiVerb, number | string][] = [];
    let waited = 0;
    const observer: CallObserver = {
      answered: (verb, code, duration) => {
        told.push([verb, code]);
        expect(duration > 0 && duration < 5_000).toBe(true);
      },
      limited: (milliseconds) => {
        waited += milliseconds;
      },
    };
    connect({ rateLimit: new RateLimit({ qps: 20, burst: 4 }) });
    const client = new Client(transport, observer);
    const where = { namespace: 'n', name: 'x' };
    refuse(1, 429, { 'retry-after': '0' });
    await client.get(pods, where);
    await client.list(pods);
    const signal = AbortSignal.abort();
    await errorOf(client.list(pods, { signal }));
    const options = { resourceVersion: '1', timeoutSeconds: 60, signal: new AbortController().signal };
    (await client.watch(pods, options)).destroy();
    await client.patch(pods, where, {});
    answer = (_, response) => void response.destroy();
    await errorOf(client.delete(pods, where, { uid: 'u' }));
    expect(told).toEqual([
      ['get', 429],
      ['get', 200],
      ['list', 200],
      ['list', 'Aborted'],
      ['watch', 200],
      ['patch', 200],
      ['delete', 'Unreachable'],
    ]);
    expect(waited).toBeGreaterThan(20);
  });
});

describe('close', () => {
  test('ends calls and streams, those of former credentials too, and takes no more', async () => {
    connect({}, async (renew) => ({ tls: { ca: renew ? 'second' : 'first' }, headers: {} }));
    const flush: typeof answer = (_, response) => response.writeHead(200).flushHeaders();
    answer = flush;
    const former = await transport.stream(get);
    refuse(1, 401);
    await errorOf(transport.stream(get));
    answer = flush;
    const latter = await transport.stream(get);
    expect(server.connections).toBe(3);
    const ended = [former, latter].map((stream) => once(stream, 'error'));
    await transport.close();
    await Promise.all(ended);
    expect(await errorOf(transport.request(get))).toMatchObject({ code: 'Aborted' });
  });

  test('of what was never used, and twice, is nothing', async () => {
    await transport.close();
    await transport.close();
  });
});

describe('credentials', () => {
  test('are asked for twice a minute at most, and together', async () => {
    const credentials = vi.fn(async () => ({ tls: {}, headers: {} }));
    connect({}, credentials);
    await Promise.all(Array.from({ length: 20 }, () => transport.request(get)));
    expect(credentials).toHaveBeenCalledTimes(1);
  });

  test('that the server refuses are renewed, but not with every call', async () => {
    const renewals: (boolean | undefined)[] = [];
    connect({}, async (renew) => {
      renewals.push(renew);
      return { tls: {}, headers: {} };
    });
    refuse(100, 401);
    for (let i = 0; i < 10; i++) await errorOf(transport.request(get));
    expect(renewals).toEqual([false, true]);
  });

  test('that cannot be had fail each call that needs them, and are asked for again', async () => {
    let times = 0;
    connect({}, async () => {
      times += 1;
      if (times === 1) throw new KubeError('Configuration', 'no token');
      return { tls: {}, headers: {} };
    });
    const [first, second] = await Promise.all([
      errorOf(transport.request(get)),
      errorOf(transport.request(get)),
    ]);
    expect([first.code, second.code]).toEqual(['Configuration', 'Configuration']);
    await transport.request(get);
    expect(times).toBe(2);
  });
});

test('leaves no listener on a signal that lives on', async () => {
  const { signal } = new AbortController();
  connect({ rateLimit: new RateLimit({ qps: 1_000, burst: 1 }) });
  await Promise.all(Array.from({ length: 30 }, () => transport.request({ ...get, signal })));
  for (let i = 0; i < 10; i++) {
    const stream = await transport.stream({ ...get, signal });
    for await (const _ of stream);
  }
  refuse(3, 429, { 'retry-after': '0' });
  await transport.request({ ...get, signal });
  await vi.waitUntil(() => getEventListeners(signal, 'abort').length === 0);
});

test('sends nothing, and nothing again, that may not be sent any more', async () => {
  let arrived = 0;
  answer = (_, response) => {
    arrived += 1;
    sendJson(response, 429, {}, { 'retry-after': '0' });
  };
  const mayBeSent = () => arrived < 2;
  expect((await errorOf(transport.request({ ...get, mayBeSent }))).code).toBe('Aborted');
  expect(arrived).toBe(2);
});

test('sends nothing that may not be sent any more when a connection is free for it', async () => {
  let arrived = 0;
  let release = () => {};
  answer = (_, response) => {
    arrived += 1;
    release = () => sendJson(response, 200, {});
  };
  connect({ connections: 1 });
  const first = transport.request(get);
  await vi.waitUntil(() => arrived === 1);
  let isOver = false;
  const second = errorOf(transport.request({ ...get, mayBeSent: () => !isOver }));
  await new Promise((resolve) => setTimeout(resolve, 20));
  isOver = true;
  release();
  await first;
  expect((await second).code).toBe('Aborted');
  expect(arrived).toBe(1);
  const third = transport.request({ ...get, mayBeSent: () => true });
  await vi.waitUntil(() => arrived === 2);
  release();
  await third;
});
