import { afterEach, expect, test, vi } from 'vitest';
import { connectionTo, type LocalServer, sendJson, startServer } from '../../test/local-server.ts';
import { Client } from '../kube/client.ts';
import { Transport } from '../kube/transport.ts';
import type { Pod } from '../kube/types.ts';
import { UpperView } from './upper-view.ts';

const node = (version: string, annotations: object, labels: object = {}) => ({
  metadata: { name: 'vk-a', uid: 'n', resourceVersion: version, annotations, labels },
});
const pod = {
  metadata: {
    namespace: 'shop',
    name: 'web',
    uid: 'p',
    resourceVersion: '2',
    labels: { 'virtual-pod': 'true' },
    annotations: { clusterSelector: '{}', other: 'x' },
  },
  spec: { nodeName: 'vk-a', containers: [{ name: 'main', env: [{ name: 'A' }] }] },
};

const asked = { storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } };
const claim = {
  metadata: {
    namespace: 'shop',
    name: 'data',
    uid: 'c',
    resourceVersion: '3',
    labels: { app: 'db' },
    annotations: { 'volume.kubernetes.io/selected-node': 'vk-a', other: 'x' },
  },
  spec: asked,
  status: { phase: 'Pending' },
};

let server: LocalServer;
let transport: Transport;
let stopping: AbortController;
let running: Promise<void>;
afterEach(async () => {
  stopping.abort();
  await running;
  await transport.close();
  await server.close();
});

test('watches the virtual nodes, the virtual pods, and claims', async () => {
  let tell: (event: object) => void = () => {};
  server = await startServer(({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://x');
    if (pathname.endsWith('/namespaces/kube-system'))
      return void sendJson(response, 200, { metadata: { uid: 'upper' } });
    const isNodes = pathname.endsWith('/nodes');
    if (!searchParams.get('watch')) {
      const others = pathname.endsWith('/pods') ? [pod] : [claim];
      const items = isNodes ? [node('2', { 'isthmus.io/lower-cluster': 'a' }, { clusterID: 'a' })] : others;
      return void sendJson(response, 200, { metadata: { resourceVersion: '5' }, items });
    }
    response.writeHead(200).flushHeaders();
    if (isNodes) tell = (event) => response.write(`${JSON.stringify(event)}\n`);
  });
  transport = new Transport(connectionTo(server.url));
  const pods: [string, Pod | undefined][] = [];
  const onNodes = vi.fn();
  const view = new UpperView({
    upper: new Client(transport),
    upperCluster: 'upper',
    patience: 1_000,
    onPod: (key, seen) => pods.push([key, seen]),
    onNodes,
    onError: () => {},
  });
  expect(view.staleness).toMatch(/have not been listed yet/);
  stopping = new AbortController();
  running = view.run(stopping.signal);
  await vi.waitFor(() => expect(view.staleness).toBeUndefined());
  expect(server.requests.map((request) => decodeURIComponent(request))).toEqual(
    expect.arrayContaining([
      expect.stringContaining('/nodes?labelSelector=type=virtual-kubelet'),
      expect.stringMatching(/\/pods\?labelSelector=virtual-pod=true&fieldSelector=status.phase!=Succeeded/),
    ]),
  );
  expect(pods[0]).toMatchObject(['shop/web', { metadata: { annotations: { clusterSelector: '{}' } } }]);
  expect(pods[0]?.[1]?.spec?.containers).toEqual([{ name: 'main' }]);
  expect(view.virtualNode('vk-a')?.metadata?.labels).toEqual({ clusterID: 'a' });
  expect(view.virtualNode('plain')).toBeUndefined();

  const { uid, namespace, name, resourceVersion } = claim.metadata;
  const annotations = { 'volume.kubernetes.io/selected-node': 'vk-a' };
  expect(view.claim('shop/data')).toEqual({
    metadata: { name, namespace, uid, resourceVersion, annotations },
    spec: asked,
  });

  // Figures change all the time, and nobody need look at every pod for them.
  onNodes.mockClear();
  await vi.waitFor(() => expect(server.requests.filter((one) => one.includes('watch=true'))).toHaveLength(3));
  const marks = { 'isthmus.io/lower-cluster': 'a', 'isthmus.io/largest-free-node': 'x' };
  tell({ type: 'MODIFIED', object: node('6', marks, { clusterID: 'a' }) });
  tell({ type: 'MODIFIED', object: node('7', marks, { clusterID: 'b' }) });
  await vi.waitFor(() => expect(onNodes).toHaveBeenCalledTimes(1));
  expect(view.virtualNode('vk-a')?.metadata?.labels).toEqual({ clusterID: 'b' });
});

test('says that an API server hangs that keeps the watches open, and when it is over', async () => {
  let hangs = false;
  server = await startServer(({ url = '' }, response) => {
    if (hangs) return;
    const { pathname, searchParams } = new URL(url, 'http://x');
    if (pathname.endsWith('/namespaces/kube-system'))
      return void sendJson(response, 200, { metadata: { uid: 'upper' } });
    if (!searchParams.get('watch'))
      return void sendJson(response, 200, { metadata: { resourceVersion: '5' }, items: [] });
    response.writeHead(200).flushHeaders();
  });
  transport = new Transport(connectionTo(server.url));
  const view = new UpperView({
    upper: new Client(transport),
    upperCluster: 'upper',
    patience: 600,
    onPod: () => {},
    onNodes: () => {},
    onError: () => {},
  });
  stopping = new AbortController();
  running = view.run(stopping.signal);
  await vi.waitFor(() => expect(view.staleness).toBeUndefined(), { timeout: 20_000 });
  hangs = true;
  await vi.waitFor(() => expect(view.staleness).toMatch(/^the upper cluster does not answer/), {
    timeout: 20_000,
  });
  hangs = false;
  await vi.waitFor(() => expect(view.staleness).toBeUndefined(), { timeout: 20_000 });
}, 60_000);
