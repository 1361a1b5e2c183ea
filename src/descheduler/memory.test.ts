import { expect, test } from 'vitest';
import type { Client } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { avoidedNow } from '../translate/tried.ts';
import { Memory } from './memory.ts';

/** The one ConfigMap, as an API server merges it. */
function configMap() {
  const store: { data: Record<string, string> | undefined } = { data: undefined };
  const missing = () => {
    if (!store.data) throw new KubeError('NotFound', 'no such ConfigMap');
    return store.data;
  };
  const client = {
    get: async () => ({ data: missing() }),
    patch: async (_resource: unknown, _where: unknown, { data }: { data: Record<string, string | null> }) => {
      const now = missing();
      for (const [key, text] of Object.entries(data)) {
        if (text === null) delete now[key];
        else now[key] = text;
      }
    },
    create: async (_resource: unknown, { data }: { data: Record<string, string> }) => {
      store.data = { ...data };
    },
  };
  return { store, client: client as unknown as Client };
}

const minute = 60_000;
const now = Date.UTC(2026, 0, 1);
const memoryOf = (upper: Client) =>
  new Memory({
    upper,
    namespace: 'isthmus-system',
    name: 'isthmus-tried',
    first: 5 * minute,
    most: 60 * minute,
  });

const avoided = (memory: Memory, key: string, at: number) => avoidedNow(memory.tried(key), at);

test('a node is avoided for a time that doubles, and not for ever', async () => {
  const { client } = configMap();
  const memory = memoryOf(client);
  const until = async (at: number) => {
    await memory.remember('owner', 'vk-a', at);
    return memory.tried('owner').get('vk-a')?.until ?? 0;
  };
  expect((await until(now)) - now).toBe(5 * minute);
  expect(avoided(memory, 'owner', now + 4 * minute).has('vk-a')).toBe(true);
  expect(avoided(memory, 'owner', now + 5 * minute).has('vk-a')).toBe(false);
  expect(avoided(memory, 'another', now).size).toBe(0);
  let later = now + 10 * minute;
  expect((await until(later)) - later).toBe(10 * minute);
  for (let times = 0; times < 6; times++) later = await until(later);
  expect((await until(later)) - later).toBe(60 * minute);
});

test('what is avoided already is remembered once, and not written again', async () => {
  const { client, store } = configMap();
  const memory = memoryOf(client);
  await memory.remember('owner', 'vk-a', now);
  const { data } = store;
  store.data = undefined;
  await memory.remember('owner', 'vk-a', now + minute);
  expect(store.data).toBeUndefined();
  store.data = data;
  expect(memory.tried('owner').get('vk-a')).toEqual({ times: 1, until: now + 5 * minute });
  await memory.remember('owner', 'vk-a', now + 5 * minute);
  expect(memory.tried('owner').get('vk-a')).toEqual({ times: 2, until: now + 15 * minute });
});

test('who was in vain long ago begins anew', async () => {
  const { client } = configMap();
  const memory = memoryOf(client);
  await memory.remember('owner', 'vk-a', now);
  const later = now + 70 * minute;
  await memory.remember('owner', 'vk-a', later);
  expect(avoided(memory, 'owner', later).get('vk-a')).toBe(later + 5 * minute);
});

test('a restart knows it, and what is over is forgotten', async () => {
  const { client, store } = configMap();
  const before = memoryOf(client);
  await before.remember('one', 'vk-a', now);
  await before.remember('two', 'vk-b', now + 40 * minute);
  const after = memoryOf(client);
  await after.load();
  expect(avoided(after, 'two', now + 41 * minute).has('vk-b')).toBe(true);
  await after.remember('three', 'vk-a', now + 70 * minute);
  expect(Object.keys(store.data ?? {}).sort()).toEqual(['three', 'two']);
});

test('it never outgrows a ConfigMap', async () => {
  const { client, store } = configMap();
  const memory = memoryOf(client);
  for (let index = 0; index < 2_010; index++) await memory.remember(`owner-${index}`, 'vk-a', now);
  expect(Object.keys(store.data ?? {})).toHaveLength(2_000);
  expect(store.data).toHaveProperty('owner-2009');
  expect(store.data).not.toHaveProperty('owner-0');
});

test('nor with many nodes that have long names, of which those are kept that last', async () => {
  const { client, store } = configMap();
  const node = (index: number) => `${'x'.repeat(60)}-${index}/${'y'.repeat(240)}`;
  const entry = (until: number) =>
    JSON.stringify(
      Object.fromEntries(
        Array.from({ length: 50 }, (_, index) => [
          node(index),
          { times: 1, until: new Date(until).toISOString() },
        ]),
      ),
    );
  const end = (index: number) => now + (index % 2 === 0 ? 5 : 50) * minute;
  store.data = Object.fromEntries(
    Array.from({ length: 55 }, (_, index) => [`owner-${index}`, entry(end(index))]),
  );
  const memory = memoryOf(client);
  await memory.load();
  await memory.remember('next', 'vk-a', now);
  expect(JSON.stringify(store.data).length).toBeLessThan(1_048_576);
  expect(store.data).toHaveProperty('next');
  expect(store.data).toHaveProperty('owner-53');
  expect(store.data).not.toHaveProperty('owner-0');
});

test('an entry that somebody spoilt says nothing', async () => {
  const { client, store } = configMap();
  store.data = { owner: '{"vk-a":7}', other: 'nonsense' };
  const memory = memoryOf(client);
  await memory.load();
  expect(avoided(memory, 'owner', now).size).toBe(0);
  expect(avoided(memory, 'other', now).size).toBe(0);
});

test('what a clock that is set back left far ahead is forgotten', async () => {
  const { client, store } = configMap();
  const memory = memoryOf(client);
  await memory.remember('owner', 'vk-a', now + 24 * 60 * minute);
  await memory.remember('another', 'vk-a', now);
  expect(Object.keys(store.data ?? {})).toEqual(['another']);
});
