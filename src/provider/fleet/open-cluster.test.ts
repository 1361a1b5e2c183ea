import http from 'node:http';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { defaultConfiguration } from '../../clusters/configuration.ts';
import type { Controller, ControllerContext, StartController } from '../../clusters/controller.ts';
import type { LowerCluster } from '../../clusters/lower-cluster.ts';
import { nodes } from '../../kube/resources.ts';
import { createMetrics } from '../../metrics/metrics.ts';
import { UpperDependencies } from '../dependencies/upper-dependencies.ts';
import { clientOf, closeAll, listen } from '../kubelet/test-servers.ts';
import { type OpenCluster, openCluster } from './open-cluster.ts';

let api: URL;
let stopping: AbortController;

beforeEach(async () => {
  stopping = new AbortController();
  api = await listen(http.createServer(answer));
});
afterEach(async () => {
  stopping.abort();
  await closeAll();
});

/** An API server that has its kube-system and nothing else. */
function answer({ url = '', method }: http.IncomingMessage, response: http.ServerResponse): void {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const say = (code: number, body: object) => response.writeHead(code).end(JSON.stringify(body));
  if (pathname === '/version') say(200, { gitVersion: 'v1.36.0' });
  else if (pathname.endsWith('/kube-system')) say(200, { metadata: { uid: 'below' } });
  else if (searchParams.has('watch')) response.writeHead(200).flushHeaders();
  else if (method === 'GET' && /\/(pods|nodes|configmaps|secrets|events)$/.test(pathname))
    say(200, { metadata: { resourceVersion: '1' }, items: [] });
  else say(404, { kind: 'Status', message: 'not found', code: 404 });
}

/** The lower cluster at work, with controllers that begin like this. */
async function open(...startControllers: StartController[]): Promise<OpenCluster> {
  const upper = clientOf(api, 'upper');
  const dependencies = new UpperDependencies({ upper, namespace: undefined, onError: () => {} });
  void dependencies.watches.run(stopping.signal);
  const kubeconfig = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: api.href, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
  };
  const cluster: LowerCluster = {
    configuration: defaultConfiguration('vk'),
    kubeconfig: { text: JSON.stringify(kubeconfig), from: 'a test' },
  };
  const shared = {
    upper: upper.transport,
    upperCluster: 'above',
    upperDependencies: () => dependencies,
    addresses: [],
    kubeletPort: 0,
    kubelet: {
      certificate: undefined,
      requestCertificate: false,
      clientCaFile: undefined,
      verifyClients: false,
      acceptTokens: false,
    },
    refuse: [],
    podSyncWorkers: 1,
    startControllers,
    metricsFor: createMetrics('0').metricsFor,
    mayBeSent: undefined,
    logger: pino({ level: 'silent' }),
  };
  return openCluster(shared, cluster, stopping.signal);
}

async function expectCutOff(context: ControllerContext | undefined): Promise<void> {
  for (const side of ['upper', 'lower'] as const) {
    const late = context?.[side].get(nodes, { name: 'vk' });
    await expect(late).rejects.toMatchObject({ code: 'Aborted' });
  }
}

test('what began before a controller that did not is ended, and cut off', async () => {
  const stop = vi.fn(async () => {});
  const begin = vi.fn((_: ControllerContext): Controller => ({ watches: [], reconnect: () => {}, stop }));
  const opened = await open(begin, () => {
    throw new Error('a controller fell over');
  });
  expect(await opened.broken).toMatchObject({ message: 'a controller fell over' });
  await opened.close();
  expect(stop).toHaveBeenCalledTimes(1);
  await expectCutOff(begin.mock.calls[0]?.[0]);
});

test.each(['stop', 'close'] as const)('what does not end well is cut off all the same: %s', async (end) => {
  const stop = vi.fn(() => Promise.reject(new Error('it fell over')));
  const begin = vi.fn((_: ControllerContext): Controller => ({ watches: [], reconnect: () => {}, stop }));
  const opened = await open(begin);
  await vi.waitUntil(() => opened.provider.state.isInStep);
  await expect(opened[end]()).rejects.toThrow('it fell over');
  await expectCutOff(begin.mock.calls[0]?.[0]);
});
