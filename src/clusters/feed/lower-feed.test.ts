import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type LocalServer, sendJson, startServer } from '../../../test/local-server.ts';
import { createLogger } from '../../kube/logger.ts';
import { defaultConfiguration } from '../configuration.ts';
import type { LowerCluster } from '../lower-cluster.ts';
import { LowerFeed } from './lower-feed.ts';
import { LowerPictures } from './lower-pictures.ts';

/** What the API server of these tests does out of the ordinary, by the end of a path. */
let faults: Map<string, (response: ServerResponse) => void>;
let servers: LocalServer[];
let stopping: AbortController;
let running: Promise<void>[];
const logger = createLogger('fatal');

beforeEach(() => {
  faults = new Map();
  servers = [];
  running = [];
  stopping = new AbortController();
});
afterEach(async () => {
  stopping.abort();
  await Promise.all(running);
  await Promise.all(servers.map((server) => server.close()));
});

const hang = () => {};
const refuse = (response: ServerResponse) =>
  sendJson(response, 403, { kind: 'Status', code: 403, reason: 'Forbidden', message: 'you may not' });

function answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(url, 'http://x');
  const name = `${searchParams.get('watch') ? 'watch ' : ''}${pathname.split('/').at(-1)}`;
  const fault = faults.get(name);
  if (fault) fault(response);
  else if (name === 'kube-system') sendJson(response, 200, { metadata: { uid: 'lower' } });
  else if (name.startsWith('watch')) response.writeHead(200).flushHeaders();
  else {
    const items = name === 'pods' ? [pod('ours', 'u'), pod('theirs')] : [];
    sendJson(response, 200, { metadata: { resourceVersion: '5' }, items });
  }
}

const pod = (name: string, uid?: string) => ({
  metadata: {
    namespace: 'shop',
    name,
    uid: name,
    resourceVersion: '3',
    ...(uid && { labels: { 'virtual-pod': 'true' }, annotations: { 'isthmus.io/upper-uid': uid } }),
  },
  spec: { nodeName: 'n', containers: [] },
  status: { phase: 'Running' },
});

async function clusterOf(name = 'a'): Promise<LowerCluster> {
  const server = await startServer(answer);
  servers.push(server);
  const text = JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: server.url.origin, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'c', user: { token: 't' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
    'current-context': 'c',
  });
  return { configuration: defaultConfiguration(name), kubeconfig: { text, from: 'the test' } };
}

async function start(upperCluster = 'upper') {
  const told: string[] = [];
  const cluster = await clusterOf();
  const onPod = (key: string) => void told.push(key);
  const feed = new LowerFeed({ cluster, upperCluster, patience: 600, onPod, onSynced: () => {}, logger });
  running.push(feed.run(stopping.signal));
  return { feed, told };
}

const becomes = (feed: LowerFeed, expected: RegExp | undefined) =>
  vi.waitFor(
    () => {
      if (expected) expect(feed.staleness).toMatch(expected);
      else expect(feed.staleness).toBeUndefined();
    },
    { timeout: 5_000 },
  );

test('is believed once everything was listed, and remembers whose pods are whose', async () => {
  const { feed, told } = await start();
  expect(feed.staleness).toBe('it has not been reached yet');
  await becomes(feed, undefined);
  expect([feed.uid, feed.isSynced]).toEqual(['lower', true]);
  expect(told).toEqual(['shop/ours']);
  expect(feed.lowerPod('shop/ours')).toMatchObject({ upperUid: 'u', nodeName: 'n' });
  expect(feed.lowerPod('shop/theirs')).toBeUndefined();
});

describe('says why it is not to be believed', () => {
  test('something may not be listed', async () => {
    faults.set('csinodes', refuse);
    const { feed } = await start();
    await becomes(feed, /^its csinodes have not been listed yet: .*you may not/);
    faults.clear();
    await becomes(feed, undefined);
  });

  test('it cannot be asked who it is', async () => {
    faults.set('kube-system', refuse);
    const { feed } = await start();
    await becomes(feed, /you may not/);
    faults.clear();
    await becomes(feed, undefined);
  });

  test('it is the upper cluster', async () => {
    const { feed } = await start('lower');
    await becomes(feed, /leads to the upper cluster itself/);
  });

  test('another cluster answers at its address', async () => {
    const { feed } = await start();
    await becomes(feed, undefined);
    faults.set('kube-system', (response) => sendJson(response, 200, { metadata: { uid: 'another' } }));
    await becomes(feed, /another cluster answers/);
  });

  test('a watch fails for too long, and not before', async () => {
    const { feed } = await start();
    await becomes(feed, undefined);
    const began = performance.now();
    faults.set('watch pods', refuse);
    for (const server of servers) server.cut();
    await becomes(feed, /^its pods cannot be watched: .*you may not/);
    expect(performance.now() - began).toBeGreaterThan(600);
    faults.clear();
    await becomes(feed, undefined);
  });

  test('it hangs: nothing is said on any connection, and watches stay open', async () => {
    const { feed } = await start();
    await becomes(feed, undefined);
    faults.set('kube-system', hang);
    await becomes(feed, /^it does not answer/);
    // It answers again, and its watches do not yet.
    faults.set('watch nodes', hang);
    faults.delete('kube-system');
    await becomes(feed, /^it answers again/);
    faults.clear();
    for (const server of servers) server.cut();
    await becomes(feed, undefined);
  });
});

test('one that hangs holds up no other, and entries with one kubeconfig share a picture', async () => {
  const hanging = await clusterOf('hanging');
  const good = await clusterOf('good');
  const part = { ...good, configuration: { ...defaultConfiguration('part'), nodeSelector: 'part=x' } };
  await vi.waitFor(() => expect(servers).toHaveLength(2));
  const clusters = new Map([hanging, good, part].map((cluster) => [cluster.configuration.name, cluster]));
  let change: (clusters: ReadonlyMap<string, LowerCluster>) => void = () => {};
  const pictures = new LowerPictures({
    source: {
      async run(onChange, signal) {
        change = onChange;
        onChange(clusters);
        await new Promise((end) => signal.addEventListener('abort', end, { once: true }));
      },
    },
    upperCluster: 'upper',
    patience: 600,
    onClusters: () => {},
    onSynced: () => {},
    onPod: () => {},
    logger,
  });
  await servers[0]?.close();
  servers.shift();
  running.push(pictures.run(stopping.signal));
  const feedOf = (name: string) => pictures.clusters.get(name)?.feed;
  await vi.waitFor(() => expect(feedOf('good')?.staleness).toBeUndefined(), { timeout: 5_000 });
  expect(feedOf('part')).toBe(feedOf('good'));
  expect(feedOf('hanging')?.staleness).toMatch(/ECONNREFUSED/);
  const kept = feedOf('good');
  change(new Map([['good', good]]));
  expect([...pictures.clusters.keys()]).toEqual(['good']);
  expect(feedOf('good')).toBe(kept);
});
