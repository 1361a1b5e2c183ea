import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectionTo, type LocalServer, sendJson, startServer } from '../../../test/local-server.ts';
import { Client } from '../../kube/client.ts';
import { Transport } from '../../kube/transport.ts';
import { listReports } from './list.ts';
import type { NodeReport } from './node-report.ts';
import { watchReports } from './watch.ts';

let server: LocalServer;
let client: Client;
let nodes: object[];
let refusal: number | undefined;
let watches: Map<string, ServerResponse>;
let shown: NodeReport[][];
let complaints: string[];
let stopping: AbortController;

beforeEach(async () => {
  refusal = undefined;
  watches = new Map();
  shown = [];
  complaints = [];
  stopping = new AbortController();
  nodes = [node('vk-b'), node('vk-a')];
  server = await startServer(({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://server');
    if (refusal) return sendJson(response, refusal, { message: 'not now' });
    if (searchParams.has('watch')) {
      watches.set(pathname, response);
      return void response.writeHead(200).flushHeaders();
    }
    const items = pathname.endsWith('/nodes') ? nodes : podsFor(searchParams.get('fieldSelector') ?? '');
    return sendJson(response, 200, { metadata: { resourceVersion: '10' }, items });
  });
  client = new Client(new Transport(connectionTo(server.url)));
});
afterEach(async () => {
  stopping.abort();
  await client.transport.close();
  await server.close();
});

const meta = (name: string, version: number) => ({ name, uid: name, resourceVersion: `${version}` });
const ready = [{ type: 'Ready', status: 'True' }];
const node = (name: string, version = 1, conditions: object[] = ready) => ({
  metadata: meta(name, version),
  status: { conditions },
});
const pod = (name: string, nodeName: string, version = 1) => ({
  metadata: { ...meta(name, version), namespace: 'n', labels: { 'virtual-pod': 'true' } },
  spec: { nodeName, containers: [] },
  status: { phase: 'Running' },
});
const allPods = [pod('one', 'vk-a'), pod('two', 'vk-b'), pod('three', 'vk-a'), pod('four', 'real-node')];
const podsFor = (selector: string) => {
  const name = /^spec\.nodeName=(.*)$/.exec(selector)?.[1];
  return name === undefined ? allPods : allPods.filter(({ spec }) => spec.nodeName === name);
};
const send = (path: string, type: string, object: object) =>
  watches.get(`/api/v1/${path}`)?.write(`${JSON.stringify({ type, object })}\n`);
const states = (reports: NodeReport[] | undefined) =>
  reports?.map(({ name, podStates }) => [name, podStates.get('Running') ?? 0]);
const watch = () =>
  watchReports(client, (reports) => shown.push(reports), {
    signal: stopping.signal,
    complain: (message) => complaints.push(message),
    pause: 5,
  });

test('shows all nodes by name, and again when something on one of them changed', async () => {
  const running = watch();
  await vi.waitUntil(() => shown.length === 1 && watches.size === 2);
  expect(states(shown[0])).toEqual([
    ['vk-a', 2],
    ['vk-b', 1],
  ]);
  send('pods', 'ADDED', pod('five', 'vk-b', 11));
  await vi.waitUntil(() => states(shown.at(-1))?.[1]?.[1] === 2);
  expect(shown.at(-1)?.[0]).toBe(shown[0]?.[0]);
  send('nodes', 'DELETED', node('vk-a', 12));
  await vi.waitUntil(() => shown.at(-1)?.length === 1);
  expect(server.requests).toHaveLength(4);
  stopping.abort();
  await running;
  expect(complaints).toEqual([]);
});

test('fails when it cannot begin', async () => {
  refusal = 403;
  await expect(watch()).rejects.toThrow(/not now/);
});

test('goes on when the cluster goes away later, and says so once', async () => {
  const running = watch();
  await vi.waitUntil(() => watches.size === 2);
  refusal = 500;
  for (const response of watches.values()) response.destroy();
  const asked = server.requests.length;
  await vi.waitUntil(() => server.requests.length > asked + 5, { timeout: 5_000 });
  expect(complaints.filter((line) => line.includes('not now'))).toHaveLength(2);
  expect(new Set(complaints).size).toBe(complaints.length);
  refusal = undefined;
  watches.clear();
  await vi.waitUntil(() => watches.size === 2, { timeout: 5_000 });
  send('pods', 'ADDED', pod('five', 'vk-b', 11));
  await vi.waitUntil(() => states(shown.at(-1))?.[1]?.[1] === 2);
  stopping.abort();
  await running;
});

test.each([
  [3, 4],
  [200, 2],
])('a list of %i nodes takes %i calls', async (count, calls) => {
  nodes = Array.from({ length: count }, (_, index) => node(`vk-${String.fromCharCode(97 + index)}`));
  const reports = await listReports(client);
  expect(states(reports)?.slice(0, 2)).toEqual([
    ['vk-a', 2],
    ['vk-b', 1],
  ]);
  expect(reports).toHaveLength(count);
  expect(server.requests).toHaveLength(calls);
});
