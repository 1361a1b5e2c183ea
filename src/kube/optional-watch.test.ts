import { PassThrough } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import { Cache } from './cache.ts';
import type { Client } from './client.ts';
import { KubeError } from './errors.ts';
import { OptionalWatch } from './optional-watch.ts';
import { serviceExports } from './resources.ts';
import type { KubeObject } from './types.ts';

/** A server that serves the kind or not. */
const server = { isServed: true, isRefused: false, isDown: false, lists: 0, served: 0 };
const found: KubeObject = { metadata: { namespace: 'shop', name: 'cart', uid: '1', resourceVersion: '5' } };
const client = {
  async serves() {
    if (server.isDown) throw new KubeError('Unreachable', 'no answer');
    return server.isServed;
  },
  async list() {
    server.lists += 1;
    if (server.isRefused) throw new KubeError('Forbidden', 'cannot list resource "serviceexports"');
    if (!server.isServed) throw new KubeError('NotFound', 'no such kind');
    return { items: [structuredClone(found)], metadata: { resourceVersion: '6' } };
  },
  watch: (_: unknown, { signal }: { signal: AbortSignal }) => {
    const stream = new PassThrough();
    signal.addEventListener('abort', () => stream.end());
    return Promise.resolve(stream);
  },
} as unknown as Client;

const stopping: AbortController[] = [];
function start() {
  Object.assign(server, { isServed: true, isRefused: false, isDown: false, lists: 0, served: 0 });
  const cache = new Cache<KubeObject>({});
  const errors: string[] = [];
  const watch = new OptionalWatch({
    client,
    resource: serviceExports,
    cache,
    namespace: undefined,
    onError: (message) => errors.push(message),
    observer: undefined,
    every: 10,
    onServed: () => {
      server.served += 1;
    },
  });
  const stop = new AbortController();
  stopping.push(stop);
  return { watch, cache, errors, run: () => watch.run(stop.signal), stop };
}
afterEach(() => {
  for (const stop of stopping.splice(0)) stop.abort();
});

it('knows that there is nothing where the kind is not served, and says nothing', async () => {
  const { watch, cache, errors, run } = start();
  server.isServed = false;
  void run();
  await watch.synced;
  expect([cache.size, watch.isServed, watch.states(), server.lists, errors]).toEqual([0, false, [], 0, []]);
});

it('begins when the kind is there, empties when it is gone, and begins again', async () => {
  const { watch, cache, errors, run } = start();
  server.isServed = false;
  void run();
  await watch.synced;
  server.isServed = true;
  await vi.waitUntil(() => cache.size === 1);
  expect([watch.isServed, server.served]).toEqual([true, 1]);
  server.isServed = false;
  await vi.waitUntil(() => cache.size === 0);
  expect([watch.isServed, watch.states()]).toEqual([false, []]);
  server.isServed = true;
  await vi.waitUntil(() => cache.size === 1);
  await vi.waitUntil(() => server.served === 2);
  expect(errors).toEqual([]);
});

it('says once that a right is missing, and begins when it was given', async () => {
  const { watch, cache, errors, run } = start();
  server.isRefused = true;
  void run();
  await watch.synced;
  await vi.waitUntil(() => server.lists > 3);
  expect(errors).toEqual([expect.stringContaining('serviceexports are left out: ')]);
  server.isRefused = false;
  await vi.waitUntil(() => cache.size === 1);
});

it('takes a server that does not answer for neither', async () => {
  const { watch, cache, run, stop } = start();
  const running = run();
  await watch.synced;
  await vi.waitUntil(() => cache.size === 1);
  server.isDown = true;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(cache.size).toBe(1);
  stop.abort();
  await running;
});

it('stopped before it knew says so to who waits', async () => {
  const { watch, run, stop } = start();
  server.isDown = true;
  const running = run();
  stop.abort();
  await running;
  await expect(watch.synced).rejects.toThrow('stopped');
});
