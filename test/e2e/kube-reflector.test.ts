import { getEventListeners } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { mustExecute } from '../../hack/clusters/exec.ts';
import { filesOf } from '../../hack/clusters/pki.ts';
import { readState } from '../../hack/clusters/state.ts';
import { Cache, type CacheEvent } from '../../src/kube/cache.ts';
import { Client } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { configMaps, namespaces, resourcePath } from '../../src/kube/resources.ts';
import { Transport } from '../../src/kube/transport.ts';
import type { ConfigMap } from '../../src/kube/types.ts';
import { type Cable, layCable } from '../cable.ts';
import { eventually, openClusters } from '../clusters.ts';

const { upper, directory } = openClusters();
const connection = loadConnection('upper', upper.kubeconfig);
const direct = new Client(new Transport(connection));
const namespace = 'kube-reflector-test';
const labels = { reflected: 'yes' };

let cable: Cable;
let through: Transport;
let cache: Cache<ConfigMap>;
let told: CacheEvent<ConfigMap>[];
let lists: number;
let errors: string[];
let stopped: AbortController;
let running: Promise<void>;
let rejections: unknown[];
const onRejection = (reason: unknown) => rejections.push(reason);

beforeAll(async () => {
  await direct.create(namespaces, { metadata: { name: namespace } });
});
afterAll(async () => {
  const { metadata } = await direct.get(namespaces, { name: namespace });
  await direct.delete(namespaces, { name: namespace }, { uid: metadata?.uid ?? '' });
  await direct.transport.close();
});
beforeEach(async () => {
  cable = await layCable(connection);
  through = new Transport(cable.connection);
  cache = new Cache({});
  told = [];
  lists = 0;
  errors = [];
  rejections = [];
  stopped = new AbortController();
  cache.subscribe((event) => told.push(event));
  process.on('unhandledRejection', onRejection);
});
afterEach(async () => {
  const began = performance.now();
  stopped.abort();
  await running;
  expect(performance.now() - began).toBeLessThan(1_000);
  expect(getEventListeners(stopped.signal, 'abort')).toHaveLength(0);
  await through.close();
  await cable.close();
  process.off('unhandledRejection', onRejection);
  expect(rejections).toEqual([]);
});

async function start(): Promise<Reflector<ConfigMap>> {
  const counting = {
    apply: (object: ConfigMap) => cache.apply(object),
    remove: (object: ConfigMap) => cache.remove(object),
    replace: (objects: ConfigMap[], asOf?: string) => {
      lists += 1;
      cache.replace(objects, asOf);
    },
    get newest() {
      return cache.newest;
    },
  };
  const reflector = new Reflector(new Client(through), configMaps, counting, {
    namespace,
    labelSelector: 'reflected=yes',
    onError: (message) => errors.push(message),
  });
  running = reflector.run(stopped.signal);
  await reflector.synced;
  return reflector;
}

const create = (name: string) => direct.create(configMaps, { metadata: { namespace, name, labels } });
const change = (name: string, value: string) =>
  direct.patch(configMaps, { namespace, name }, { data: { value } });

async function remove(name: string): Promise<void> {
  const { metadata } = await direct.get(configMaps, { namespace, name });
  await direct.delete(configMaps, { namespace, name }, { uid: metadata?.uid ?? '' });
}

/** Waits until the cache has exactly what the API server has. */
async function expectEqual(within = 10_000): Promise<void> {
  const states = (objects: Iterable<ConfigMap>) =>
    [...objects]
      .map(({ metadata }) => `${metadata?.name} ${metadata?.uid} ${metadata?.resourceVersion}`)
      .sort();
  const { items } = await eventually(() =>
    direct.list(configMaps, { namespace, labelSelector: 'reflected=yes' }),
  );
  await eventually(() => expect(states(cache.values())).toEqual(states(items)), { within, every: 20 });
}

/** Makes etcd forget its history; the API server's own is gone when it starts again. */
async function compact(): Promise<void> {
  const ports = readState(directory)?.clusters[0]?.ports;
  const { key } = filesOf(directory, 'upper');
  const { metadata } = await direct.list(configMaps, { namespace });
  const script = `
    const { readFileSync } = require('node:fs');
    const [port, ca, cert, key, revision] = process.argv.slice(1);
    const tls = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
    const options = { ...tls, host: '127.0.0.1', port, path: '/v3/kv/compaction', method: 'POST', agent: false };
    require('node:https').request(options, (response) => {
      process.exitCode = response.statusCode === 200 ? 0 : 1;
      response.pipe(process.stderr);
    }).end(JSON.stringify({ revision }));`;
  const compaction = [
    process.execPath,
    '-e',
    script,
    `${ports?.etcd}`,
    ...['etcd-ca.crt', 'etcd.crt', 'etcd.key'].map(key),
    metadata?.resourceVersion ?? '',
  ];
  const enter = upper.namespace ? ['nsenter', `--net=/run/netns/${upper.namespace}`] : ['env'];
  const [command = '', ...args] = [...enter, ...compaction];
  await mustExecute(command, args);
}

test('takes in 1,200 objects by pages', async () => {
  const names = Array.from({ length: 1_200 }, (_, i) => `many-${i}`);
  for (let i = 0; i < names.length; i += 50) await Promise.all(names.slice(i, i + 50).map(create));
  await start();
  expect(cache.size).toBe(1_200);
  await expectEqual();
  expect(lists).toBe(1);
  for (const object of cache.values()) expect(object.metadata).not.toHaveProperty('managedFields');
  // Each goes by its own event, in a burst.
  const path = resourcePath(configMaps, { namespace });
  await direct.transport.request({
    method: 'DELETE',
    path,
    query: { labelSelector: 'reflected=yes' },
    timeout: 60_000,
  });
  await expectEqual();
  expect(cache.size).toBe(0);
  expect(lists).toBe(1);
});

test('resumes a watch that is cut, without a list, without losing or repeating anything', async () => {
  await start();
  for (let i = 0; i < 10; i++) {
    await Promise.all([create(`cut-${i}`), create(`cut-too-${i}`)]);
    cable.cut();
    await change(`cut-${i}`, 'changed');
    if (i % 2 === 0) await remove(`cut-too-${i}`);
  }
  await expectEqual();
  expect(lists).toBe(1);
  const added = told.filter(({ type }) => type === 'added').map(({ key }) => key);
  expect(new Set(added).size).toBe(20);
  expect(added).toHaveLength(20);
  expect(told.filter(({ type }) => type === 'deleted')).toHaveLength(5);
  await Promise.all([...cache.values()].map(({ metadata }) => remove(metadata?.name ?? '')));
});

test('tells the old object from the new one of its name', async () => {
  await start();
  await create('reborn');
  await remove('reborn');
  await create('reborn');
  await expectEqual();
  expect(told.map(({ type }) => type)).toEqual(['added', 'deleted', 'added']);
  expect(told[0]?.object.metadata?.uid).not.toBe(told[2]?.object.metadata?.uid);
  await remove('reborn');
});

test('lets go of what leaves its selector, and takes it back', async () => {
  await start();
  await create('leaver');
  await direct.patch(
    configMaps,
    { namespace, name: 'leaver' },
    { metadata: { labels: { reflected: null } } },
  );
  await eventually(() => expect(cache.size).toBe(0));
  await direct.patch(configMaps, { namespace, name: 'leaver' }, { metadata: { labels } });
  await expectEqual();
  expect(cache.size).toBe(1);
  await remove('leaver');
});

test('goes on after a partition as soon as it is told that it is over', async () => {
  const reflector = await start();
  await create('before');
  await expectEqual();
  cable.hold();
  await change('before', 'unseen');
  cable.mend();
  const began = performance.now();
  reflector.reconnect();
  await expectEqual();
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(cache.get(`${namespace}/before`)?.data).toEqual({ value: 'unseen' });
  expect(errors).toEqual([]);
  expect(lists).toBe(1);
  await remove('before');
});

test('lives through the death of the API server', async () => {
  await start();
  await create('survivor');
  await expectEqual();
  await upper.stopApiServer();
  await eventually(() => expect(errors.length).toBeGreaterThan(1));
  for (const error of errors) expect(error).toMatch(/^configmaps: \S.*[^:]$/);
  await upper.startApiServer();
  await eventually(() => change('survivor', 'changed'));
  await expectEqual(30_000);
  expect(told.filter(({ type }) => type === 'deleted')).toEqual([]);
  await eventually(() => remove('survivor'));
});

test('lists again when the history it needs was compacted away', async () => {
  await Promise.all(['stays', 'changes', 'goes'].map(create));
  await start();
  await expectEqual();
  cable.hold();
  await Promise.all([remove('goes'), change('changes', 'unseen'), create('comes')]);
  await compact();
  await upper.stopApiServer();
  await upper.startApiServer();
  cable.mend();
  cable.cut();
  await expectEqual(30_000);
  expect(lists).toBe(2);
  expect(errors.some((error) => /too old resource version|compacted/.test(error))).toBe(true);
  expect(told.filter(({ type }) => type === 'deleted').map(({ key }) => key)).toEqual([`${namespace}/goes`]);
  expect([...cache.values()].map(({ metadata }) => metadata?.name).sort()).toEqual([
    'changes',
    'comes',
    'stays',
  ]);
});
