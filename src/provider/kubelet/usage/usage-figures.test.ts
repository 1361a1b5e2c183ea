import http, { type ServerResponse } from 'node:http';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { KubeletServer } from '../server.ts';
import { ask, clientOf, closeAll, fakeUpper, listen, startServer } from '../test-servers.ts';
import type { PodPair } from './node-pods.ts';
import { scrape } from './scrape.ts';

vi.setConfig({ testTimeout: 20_000 });

let url: URL;
let asked: string[];
/** By name of the lower node. */
let nodes: Record<string, (response: ServerResponse) => void>;
let pods: PodPair[];
let logged: string[];
let server: KubeletServer;

const cpu = (pod: string, seconds: number) =>
  `pod_cpu_usage_seconds_total{namespace="shop",pod="${pod}"} ${seconds} 1763815000000\n`;
const says = (text: string) => (response: ServerResponse) => response.end(text);
const refuses = (code: number, message: string) => (response: ServerResponse) =>
  response.writeHead(code).end(JSON.stringify({ kind: 'Status', message, code }));
const pair = (name: string, node: string): PodPair => ({
  upper: { metadata: { namespace: 'shop', name, uid: `above-${name}` } },
  lower: {
    metadata: { namespace: 'shop', name, uid: `below-${name}` },
    spec: { nodeName: node, containers: [] },
  },
});

beforeEach(async () => {
  [asked, pods, logged, nodes] = [[], [], [], {}];
  const lower = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    const [, node = ''] = /^\/api\/v1\/nodes\/([^/]+)\/proxy\//.exec(request.url ?? '') ?? [];
    const answer = nodes[node] ?? refuses(404, 'no such node');
    answer(response);
  });
  const { client } = await fakeUpper(undefined);
  url = await listen(lower);
  server = await startServer({
    upper: client,
    lower: clientOf(url, 'lower'),
    verifyClients: false,
    listPods: () => pods,
    logger: pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) }),
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

it('asks the nodes that carry our pods, each once, and nobody again within seconds', async () => {
  pods = [pair('web', 'n1'), pair('api', 'n1'), pair('db', 'n2'), { ...pair('new', ''), lower: undefined }];
  nodes = {
    n1: says(cpu('web', 1) + cpu('api', 2) + cpu('other', 50)),
    n2: says(cpu('db', 4) + cpu('web', 9)),
  };
  const answers = await Promise.all([1, 2, 3].map(() => ask(server, '/metrics/resource')));
  answers.push(await ask(server, '/metrics/resource'));
  expect(asked.toSorted()).toEqual(
    ['n1', 'n2'].map((node) => `/api/v1/nodes/${node}/proxy/metrics/resource`),
  );
  for (const { status, body, headers } of answers) {
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body.match(/pod="\w+"} \d+/g)?.toSorted()).toEqual([
      'pod="api"} 2',
      'pod="db"} 4',
      'pod="web"} 1',
    ]);
    expect(body).toMatch(/^node_cpu_usage_seconds_total 7\.\d+ 1763815000000$/m);
  }
});

it('leaves out a node that fails, and says so once', async () => {
  pods = [pair('web', 'n1'), pair('db', 'n2')];
  nodes = { n1: says(cpu('web', 1)), n2: refuses(404, 'no kubelet here') };
  const clock = vi.spyOn(performance, 'now');
  for (let time = 0; time < 3; time++) {
    const { status, body } = await ask(server, '/metrics/resource');
    expect(status).toBe(200);
    expect(body).toContain('pod="web"} 1');
    expect(body).toContain('\nresource_scrape_error 1\n');
    nodes['n2'] = says('');
    await ask(server, '/stats/summary');
    nodes['n2'] = refuses(404, 'no kubelet here');
    clock.mockReturnValue((time + 1) * 1e9);
  }
  expect(asked).toHaveLength(12);
  expect(logged).toHaveLength(1);
  expect(logged[0]).toContain('no kubelet here');
});

it('does not wait for a node that is slow', async () => {
  nodes = { slow: () => {}, quick: says('quick') };
  const { transport } = clientOf(url, 'lower');
  const began = performance.now();
  const names = ['slow', 'quick', 'gone'];
  const { answers, failures } = await scrape(transport, names, ['stats/summary'], { timeout: 200 });
  expect(performance.now() - began).toBeLessThan(2_000);
  expect([...answers]).toEqual([['quick', 'quick']]);
  expect([...failures.keys()].toSorted()).toEqual(['gone', 'slow']);
  await expect(() => Promise.reject(failures.get('slow'))).rejects.toThrow('it did not answer in time');
});

it('gives up what is left at the deadline, however many nodes there are', async () => {
  nodes = { slow: () => {} };
  const { transport } = clientOf(url, 'lower');
  const names = ['slow', 'n1', 'n2', 'n3'];
  const options = { limit: 1, timeout: 5_000, deadline: 200 };
  const began = performance.now();
  const { failures } = await scrape(transport, names, ['metrics/resource'], options);
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(failures.size).toBe(4);
});

it.each(['/metrics/resource', '/stats/summary'])('names the right that is missing: %s', async (path) => {
  pods = [pair('web', 'n1'), pair('db', 'n2')];
  nodes = { n1: refuses(403, 'user "u" cannot get nodes/proxy'), n2: refuses(403, 'likewise') };
  for (let time = 0; time < 2; time++) {
    const { status, body } = await ask(server, path);
    expect(status).toBe(503);
    expect(body).toContain('"get nodes/proxy" in the lower cluster');
  }
  expect(logged).toHaveLength(1);
});

it('says so when no node answers, and answers without any when there are no pods', async () => {
  expect(await ask(server, '/metrics/resource')).toMatchObject({ status: 200 });
  expect(JSON.parse((await ask(server, '/stats/summary')).body)).toMatchObject({
    node: { nodeName: 'vk' },
    pods: [],
  });
  expect(asked).toEqual([]);
});

it('summarizes, with the uids of above', async () => {
  pods = [pair('web', 'n1')];
  const stats = (name: string) => ({ podRef: { name, namespace: 'shop', uid: `below-${name}` } });
  nodes = { n1: says(JSON.stringify({ pods: [stats('web'), stats('other')] })) };
  const { status, body, headers } = await ask(server, '/stats/summary');
  expect([status, headers['content-type']]).toEqual([200, 'application/json']);
  expect(JSON.parse(body).pods).toEqual([{ podRef: { name: 'web', namespace: 'shop', uid: 'above-web' } }]);
});

it('takes CPU and memory from a kubelet that cannot tell about its file systems', async () => {
  pods = [pair('web', 'n1')];
  nodes = {
    n1: (response) => {
      if (!asked.at(-1)?.endsWith('?only_cpu_and_memory=true')) refuses(500, 'no rootFs')(response);
      else says(JSON.stringify({ pods: [{ podRef: { name: 'web', namespace: 'shop' } }] }))(response);
    },
  };
  expect(JSON.parse((await ask(server, '/stats/summary')).body).pods).toHaveLength(1);
  expect(logged).toEqual([]);
});

it.each(['/metrics', '/metrics/cadvisor', '/stats', '/stats/summary/x'])('knows no %s', async (path) => {
  expect((await ask(server, path)).status).toBe(404);
});
