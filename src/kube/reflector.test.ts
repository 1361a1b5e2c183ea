import { getEventListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectionTo, type LocalServer, sendJson, startServer } from '../../test/local-server.ts';
import { Cache } from './cache.ts';
import { Client } from './client.ts';
import { Reflector, type ReflectorOptions, type WatchRestart } from './reflector.ts';
import { pods } from './resources.ts';
import { Transport } from './transport.ts';
import type { Pod } from './types.ts';

type Answer = (query: URLSearchParams, response: ServerResponse) => void;

let server: LocalServer;
let transport: Transport;
let cache: Cache<Pod>;
let stopped: AbortController;
let running: Promise<void>;
let errors: string[];
let list: Answer;
let watch: Answer;

beforeEach(async () => {
  errors = [];
  stopped = new AbortController();
  cache = new Cache({});
  list = (_, response) => sendJson(response, 200, page(100));
  watch = (_, response) => response.writeHead(200).flushHeaders();
  server = await startServer(({ url }: IncomingMessage, response) => {
    const { searchParams } = new URL(url ?? '', 'http://server');
    (searchParams.has('watch') ? watch : list)(searchParams, response);
  });
  transport = new Transport(connectionTo(server.url));
});
afterEach(async () => {
  stopped.abort();
  await running;
  await transport.close();
  await server.close();
});

function start(options: ReflectorOptions = {}): Reflector<Pod> {
  const reflector = new Reflector(new Client(transport), pods, cache, {
    onError: (message) => errors.push(message),
    ...options,
  });
  running = reflector.run(stopped.signal);
  return reflector;
}

const pod = (name: string, version: number): Pod => ({
  metadata: { namespace: 'n', name, uid: name, resourceVersion: `${version}` },
});
const page = (version: number, ...items: Pod[]) => ({ metadata: { resourceVersion: `${version}` }, items });
const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
const expired = event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });
const requests = (kind: 'list' | 'watch') =>
  server.requests
    .map((request) => new URL(request.split(' ')[1] ?? '', 'http://server').searchParams)
    .filter((query) => query.has('watch') === (kind === 'watch'));
const versions = () => requests('watch').map((query) => query.get('resourceVersion'));
const names = () => [...cache.values()].map(({ metadata }) => metadata?.name).sort();

describe('a list', () => {
  test('is asked for in pages, and is whole before anybody sees it', async () => {
    list = (query, response) => {
      const after = query.get('continue');
      const first = { metadata: { resourceVersion: '7', continue: 'more' }, items: [pod('a', 1)] };
      sendJson(response, 200, after === null ? first : page(7, pod('b', 2)));
    };
    const seen: number[] = [];
    cache.subscribe(() => seen.push(cache.size));
    await start({ labelSelector: 'x=y', namespace: 'n' }).synced;
    expect(seen).toEqual([2, 2]);
    expect(requests('list').map(String)).toEqual([
      'labelSelector=x%3Dy&limit=500',
      'labelSelector=x%3Dy&limit=500&continue=more',
    ]);
    await vi.waitUntil(() => versions().length === 1);
    expect(versions()).toEqual(['7']);
    expect(requests('watch')[0]?.get('labelSelector')).toBe('x=y');
  });

  test('may be null where there is nothing', async () => {
    list = (_, response) => sendJson(response, 200, { metadata: { resourceVersion: '7' }, items: null });
    await start().synced;
    expect(errors).toEqual([]);
  });

  test('that forgets its place between pages begins again', async () => {
    let forgets = true;
    list = (query, response) => {
      if (!query.has('continue'))
        return sendJson(response, 200, {
          metadata: { resourceVersion: '7', continue: 'x' },
          items: [pod('a', 1)],
        });
      if (!forgets) return sendJson(response, 200, page(7, pod('b', 2)));
      forgets = false;
      sendJson(response, 410, { message: 'continue token expired', reason: 'Expired' });
    };
    await start().synced;
    expect(names()).toEqual(['a', 'b']);
  });

  test('does not undo an answer that overtook it', async () => {
    list = (_, response) => {
      cache.apply(pod('created', 101));
      sendJson(response, 200, page(100));
    };
    await start().synced;
    expect(names()).toEqual(['created']);
  });

  test('of a cluster that was restored from a backup is believed', async () => {
    cache.apply(pod('later', 5_000));
    list = (_, response) => sendJson(response, 200, page(100, pod('a', 50)));
    await start().synced;
    expect(names()).toEqual(['a']);
  });
});

describe('a watch', () => {
  test('brings changes, and its bookmarks move the place to go on from', async () => {
    list = (_, response) => sendJson(response, 200, page(100, pod('goes', 1), pod('stays', 2)));
    watch = (query, response) => {
      response.writeHead(200);
      if (query.get('resourceVersion') !== '100') return response.flushHeaders();
      response.write(event('ADDED', pod('new', 101)) + event('MODIFIED', pod('stays', 102)));
      response.write(event('DELETED', pod('goes', 103)));
      response.end(event('BOOKMARK', { metadata: { resourceVersion: '110' } }));
    };
    start();
    await vi.waitUntil(() => versions().length === 2);
    expect(versions()).toEqual(['100', '110']);
    expect(names()).toEqual(['new', 'stays']);
    expect(requests('list')).toHaveLength(1);
    const seconds = Number(requests('watch')[0]?.get('timeoutSeconds'));
    expect(seconds >= 240 && seconds <= 480).toBe(true);
    expect(requests('watch')[0]?.get('allowWatchBookmarks')).toBe('true');
  });

  test('passes over what is known already, and goes on behind it', async () => {
    const raw = ({ metadata: { name, namespace, uid, resourceVersion } = {} }: Pod) => ({
      ...{ kind: 'Pod', apiVersion: 'v1', metadata: { name, namespace, uid, resourceVersion } },
      spec: { schedulerName: 'of the watch' },
    });
    list = (_, response) => sendJson(response, 200, page(100, pod('a', 90)));
    watch = (_, response) => {
      if (versions().length > 1) return response.writeHead(200).flushHeaders();
      cache.apply(pod('a', 101));
      response.write(event('MODIFIED', raw(pod('a', 101))));
      response.write(event('MODIFIED', raw(pod('b', 102))));
      response.write(
        event('MODIFIED', raw({ metadata: { ...pod('a', 0).metadata, uid: 'new', resourceVersion: '103' } })),
      );
      cache.apply(pod('c', 104));
      cache.remove(pod('c', 105));
      response.write(event('DELETED', raw(pod('c', 105))));
      response.write(event('DELETED', raw(pod('a', 103))));
      response.end(event('DELETED', raw(pod('b', 106))));
    };
    const parse = vi.spyOn(JSON, 'parse');
    start();
    await vi.waitUntil(() => versions().length === 2);
    const parsed = parse.mock.calls.filter(([text]) => text.includes('of the watch'));
    parse.mockRestore();
    expect(versions()).toEqual(['100', '106']);
    expect(parsed.map(([text]) => /"resourceVersion":"(\d+)"/.exec(text)?.[1])).toEqual([
      '102',
      '103',
      '106',
    ]);
    expect(cache.get('n/a')?.metadata?.uid).toBe('new');
    expect(names()).toEqual(['a']);
  });

  test('that is cut in the middle of a line goes on at once from the last whole one', async () => {
    let cuts = 0;
    watch = (_, response) => {
      response.writeHead(200);
      cuts += 1;
      if (cuts > 3) return response.flushHeaders();
      const whole = event('ADDED', pod(`p${cuts}`, 100 + cuts));
      response.write(whole + whole.slice(0, 20), () => response.destroy());
    };
    const began = performance.now();
    start();
    await vi.waitUntil(() => versions().length === 4);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(versions()).toEqual(['100', '101', '102', '103']);
    expect(requests('list')).toHaveLength(1);
  });

  test('that has lost its place leads to a list', async () => {
    let version = 100;
    list = (_, response) => sendJson(response, 200, page(version, pod('x', version)));
    watch = (query, response) => {
      response.writeHead(200);
      if (query.get('resourceVersion') === '200') return response.flushHeaders();
      version = 200;
      response.end(expired);
    };
    start();
    await vi.waitUntil(() => versions().includes('200'));
    expect(cache.get('n/x')?.metadata?.resourceVersion).toBe('200');
    expect(errors).toEqual(['pods: too old']);
  });

  test('that ends at once, again and again, is not asked for without a pause', async () => {
    watch = (_, response) => void response.writeHead(200).end();
    start();
    await vi.waitUntil(() => errors.length === 4, { timeout: 5_000 });
    const count = server.requests.length;
    expect(count).toBeLessThanOrEqual(6);
    expect(errors[0]).toBe('pods: the watch ended at once');
    stopped.abort();
  });

  test('goes on when a listener throws, and says so', async () => {
    cache.subscribe(({ key }) => {
      if (key === 'n/bad') throw new Error('listener');
    });
    watch = (query, response) => {
      response
        .writeHead(200)
        .write(query.get('resourceVersion') === '100' ? event('ADDED', pod('bad', 101)) : '');
      response.write(event('ADDED', pod('good', 102)));
    };
    start();
    await vi.waitUntil(() => names().length === 2);
    expect(errors).toEqual(['pods: listener']);
  });
});

describe('an observer', () => {
  test('is told why each watch had to be begun again', async () => {
    const told: WatchRestart[] = [];
    const answers: Answer[] = [
      (_, response) => void response.writeHead(200).end(expired),
      (_, response) => response.writeHead(200).write(event('ADDED', pod('a', 150)), () => response.destroy()),
      (_, response) => {
        response.writeHead(200).flushHeaders();
        setTimeout(() => response.end(), 1_100);
      },
      (_, response) => response.writeHead(200).flushHeaders(),
    ];
    watch = (query, response) => answers[versions().length - 1]?.(query, response);
    const reflector = start({ observer: { restarted: (why) => told.push(why) } });
    await vi.waitUntil(() => versions().length === 4, { timeout: 5_000 });
    expect(told).toEqual(['expired', 'failed', 'ended']);
    reflector.reconnect();
    await vi.waitUntil(() => versions().length === 5);
    stopped.abort();
    await running;
    expect(told.slice(3)).toEqual(['reconnected']);
  });
});

describe('reconnect', () => {
  test('goes on from the last version without a word', async () => {
    watch = (query, response) => {
      response.writeHead(200).flushHeaders();
      if (query.get('resourceVersion') === '100') response.write(event('ADDED', pod('a', 101)));
    };
    const reflector = start();
    await vi.waitUntil(() => names().length === 1);
    reflector.reconnect();
    await vi.waitUntil(() => versions().length === 2);
    expect(versions()).toEqual(['100', '101']);
    expect(errors).toEqual([]);
    expect(requests('list')).toHaveLength(1);
  });

  test('ends a list or a watch that hangs before its answer', async () => {
    let hangs = true;
    const hang =
      (well: Answer): Answer =>
      (query, response) => {
        if (!hangs) return well(query, response);
        hangs = false;
        queueMicrotask(() => reflector.reconnect());
      };
    list = hang(list);
    const wellWatch = watch;
    const reflector = start();
    await reflector.synced;
    await vi.waitUntil(() => versions().length === 1);
    hangs = true;
    watch = hang(wellWatch);
    reflector.reconnect();
    await vi.waitUntil(() => versions().length === 3);
    expect(errors).toEqual([]);
  });

  test('wakes a reflector that pauses after failures', async () => {
    list = (_, response) => sendJson(response, 500, { message: 'away' });
    const reflector = start();
    await vi.waitUntil(() => errors.length === 6, { timeout: 8_000 });
    list = (_, response) => sendJson(response, 200, page(100));
    const began = performance.now();
    reflector.reconnect();
    await reflector.synced;
    // The pause after six failures is at least 800 ms.
    expect(performance.now() - began).toBeLessThan(500);
  });

  test('before the start is nothing', () => {
    running = Promise.resolve();
    new Reflector(new Client(transport), pods, cache).reconnect();
  });
});

describe('the end', () => {
  test('comes promptly in a watch, and leaves nothing on the signal', async () => {
    await start().synced;
    await vi.waitUntil(() => versions().length === 1);
    const began = performance.now();
    stopped.abort();
    await running;
    expect(performance.now() - began).toBeLessThan(500);
    expect(getEventListeners(stopped.signal, 'abort')).toHaveLength(0);
    expect(errors).toEqual([]);
  });

  test('leaves one listener on the signal after any number of watches', async () => {
    let version = 100;
    watch = (_, response) => {
      version += 1;
      response.writeHead(200);
      if (version < 160) response.end(event('ADDED', pod('x', version)));
      else response.flushHeaders();
    };
    start();
    await vi.waitUntil(() => versions().length === 60, { timeout: 10_000 });
    await vi.waitUntil(() => getEventListeners(stopped.signal, 'abort').length === 1);
  }, 15_000);

  test('before the first list rejects who waits for it, and crashes nobody who does not', async () => {
    list = () => {};
    const reflector = start();
    await vi.waitUntil(() => server.requests.length === 1);
    stopped.abort();
    await running;
    await expect(reflector.synced).rejects.toThrow('pods: stopped before the first list');
  });

  test('comes at once to what begins after it', async () => {
    stopped.abort();
    start();
    await running;
    expect(server.requests).toEqual([]);
  });
});
