import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectionTo, type LocalServer, sendJson, startServer } from '../../test/local-server.ts';
import { Client } from './client.ts';
import { listAll } from './list-all.ts';
import { pods } from './resources.ts';
import { Transport } from './transport.ts';

let server: LocalServer;
let client: Client;
let pages: unknown[];

beforeEach(async () => {
  server = await startServer((_, response) => sendJson(response, 200, pages.shift()));
  client = new Client(new Transport(connectionTo(server.url)));
});
afterEach(async () => {
  await client.transport.close();
  await server.close();
});

const page = (next: string, ...names: string[]) => ({
  metadata: { resourceVersion: '7', continue: next },
  items: names.map((name) => ({ metadata: { name } })),
});

test('asks for page after page until there is none', async () => {
  pages = [page('x', 'a', 'b'), page('y'), page('', 'c')];
  const { items, resourceVersion } = await listAll(client, pods, { labelSelector: 'a=b' });
  expect(items.map(({ metadata }) => metadata?.name)).toEqual(['a', 'b', 'c']);
  expect(resourceVersion).toBe('7');
  expect(server.requests).toEqual([
    'GET /api/v1/pods?labelSelector=a%3Db&limit=500',
    'GET /api/v1/pods?labelSelector=a%3Db&limit=500&continue=x',
    'GET /api/v1/pods?labelSelector=a%3Db&limit=500&continue=y',
  ]);
});

test('takes null for no items, as Go writes it', async () => {
  pages = [{ metadata: {}, items: null }];
  expect(await listAll(client, pods)).toEqual({ items: [], resourceVersion: '0' });
});
