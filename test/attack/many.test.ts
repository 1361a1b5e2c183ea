import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { layoutOfSet } from '../../hack/clusters/layout.ts';
import { freePorts } from '../../hack/clusters/plan.ts';
import { readState } from '../../hack/clusters/state.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import { events, namespaces, nodes, pods, secrets } from '../../src/kube/resources.ts';
import { deleteAllPodsNow, eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { clientOf, find, madeTwice, remove, watchPods } from '../objects.ts';
import { isReady, readyNode } from '../provider.ts';
import { type Replica, startReplica } from '../replica.ts';

const clusters = openClusters();
const b = lowerCluster(clusters, 'b');
const [above, below] = [clientOf(clusters.upper), clientOf(b)];
const namespace = `attack-many-${Date.now().toString(36)}`;
const folder = mkdtempSync(join(tmpdir(), 'isthmus-attack-many-'));
const file = join(folder, 'clusters.yaml');
const base = {
  name: 'base',
  nodeName: 'vk-base',
  kubeconfig: b.providerKubeconfig,
  serviceAccountMode: 'none',
};
const used = new Set<string>();

let replica: Replica;
let metricsPort = 0;
let proxy: Awaited<ReturnType<typeof openProxy>>;

/** A plain HTTP way to a lower API server that may misbehave for some calls. */
async function openProxy() {
  const { set } = readState(clusters.directory) ?? {};
  const host = set === undefined ? '127.0.0.1' : layoutOfSet(set).machineAddress;
  const connection = loadConnection('lower', b.providerKubeconfig);
  const { tls, headers } = await connection.credentials();
  const agent = new https.Agent({ ...tls, servername: undefined, keepAlive: true } as https.AgentOptions);
  let rule: (method: string, url: string) => number | 'hang' | undefined = () => undefined;
  const hit = new Map<string, number>();
  const server = http.createServer((request, response) => {
    const what = rule(request.method ?? '', request.url ?? '');
    if (what !== undefined) hit.set(String(what), (hit.get(String(what)) ?? 0) + 1);
    if (what === 'hang') return;
    if (what !== undefined) {
      request.resume();
      response.writeHead(what, {
        'content-type': 'application/json',
        ...(what === 429 ? { 'retry-after': '1' } : {}),
      });
      response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code: what, message: 'attacked' }));
      return;
    }
    const { host: _host, connection: _connection, ...rest } = request.headers;
    const { hostname, port } = connection.server;
    const onwards = https.request(
      {
        agent,
        host: hostname,
        port,
        path: request.url,
        method: request.method,
        headers: { ...rest, ...headers },
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        response.flushHeaders();
        answer.pipe(response);
      },
    );
    onwards.on('error', () => response.destroy());
    response.on('close', () => onwards.destroy());
    request.pipe(onwards);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(folder, 'proxy.yaml');
  writeFileSync(
    kubeconfig,
    stringify({
      'current-context': 'p',
      contexts: [{ name: 'p', context: { cluster: 'p', user: 'p' } }],
      clusters: [
        { name: 'p', cluster: { server: `http://${host}:${port}`, 'insecure-skip-tls-verify': true } },
      ],
      users: [{ name: 'p', user: { token: 'nobody' } }],
    }),
  );
  return {
    kubeconfig,
    hit,
    rule(next: typeof rule) {
      rule = next;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

beforeAll(async () => {
  await above.create(namespaces, { metadata: { name: namespace } });
  await above.create(namespaces, { metadata: { name: `${namespace}-s` } });
  proxy = await openProxy();
  [metricsPort = 0] = await freePorts(1);
  configure(base);
  replica = await startReplica(
    clusters,
    '--clusters',
    file,
    `--metrics-addr=${clusters.upper.address}:${metricsPort}`,
  );
  await ready('vk-base');
});
afterAll(async () => {
  proxy.rule(() => undefined);
  await deleteAllPodsNow(clusters.upper, namespace);
  await sleep(1_500);
  expect(await replica.stop()).toBe(0);
  await proxy.close();
  await kubectl(clusters.upper, 'delete', 'node', ...used);
  await kubectl(clusters.upper, 'delete', 'namespace', `${namespace}-s`, '--wait=false');
  for (const cluster of [above, below]) await remove(cluster, namespaces, { name: namespace });
  rmSync(folder, { recursive: true });
});

function configure(...entries: ({ nodeName: string } & Record<string, unknown>)[]): void {
  for (const { nodeName } of entries) used.add(nodeName);
  writeFileSync(file, stringify({ clusters: entries }));
}
const ready = (name: string, within = 30_000) =>
  eventually(() => readyNode(above, name, () => replica.log().slice(-3_000)), { within });
const atWork = (name: string) =>
  replica
    .log()
    .split('\n')
    .filter((line) => line.includes('at work"') && line.includes(`"${name}"`)).length;
const create = (name: string, node: string, more: object = {}) =>
  above.create(pods, {
    ...podOn(node, name, { nodeName: node, automountServiceAccountToken: false, ...more }),
    metadata: { name, namespace, labels: { 'virtual-pod': 'true' } },
  });
const removeAbove = (name: string) => remove(above, pods, { namespace, name });
const range = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
async function ends(prefix: string): Promise<Record<string, number>> {
  const { items } = await above.list(pods, { namespace });
  const counts: Record<string, number> = {};
  for (const { metadata, status } of items) {
    if (!metadata?.name?.startsWith(`${prefix}-`)) continue;
    const end = `${status?.phase} ${status?.reason ?? ''}`.trim();
    counts[end] = (counts[end] ?? 0) + 1;
  }
  return counts;
}
const end = (prefix: string, wanted: Record<string, number>, within = 30_000) =>
  eventually(async () => expect(await ends(prefix)).toEqual(wanted), { within });
async function get(path: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`http://${clusters.upper.address}:${metricsPort}${path}`);
  return { status: answer.status, text: await answer.text() };
}

describe('quota edges', { timeout: 90_000 }, () => {
  const quota = { ...base, name: 'full', nodeName: 'vk-full', capacity: { cpu: '1' } };
  const cpu = (amount: string) => ({ container: { resources: { requests: { cpu: amount } } } });

  it('hold through a burst, an end, a refused resize and a restart', async () => {
    configure(base, quota);
    await ready('vk-full');
    await Promise.all(range('burst', 50).map((name) => create(name, 'vk-full', cpu('100m'))));
    await end('burst', { Running: 10, 'Failed OutOfcpu': 40 });
    const { items } = await above.list(pods, { namespace });
    const kept = items.flatMap(({ metadata, status }) =>
      status?.phase === 'Running' ? (metadata?.name ?? []) : [],
    );
    // Five go, five come.
    await Promise.all(kept.slice(0, 5).map(removeAbove));
    await eventually(async () => expect((await below.list(pods, { namespace })).items).toHaveLength(5));
    await Promise.all(range('next', 6).map((name) => create(name, 'vk-full', cpu('100m'))));
    await end('next', { Running: 5, 'Failed OutOfcpu': 1 });
    // A restart with a full quota fails nobody.
    configure(base);
    await sleep(1_500);
    configure(base, { ...quota, capacity: { cpu: '500m' } });
    await eventually(() => expect(atWork('vk-full')).toBe(2));
    await sleep(1_000);
    await end('next', { Running: 5, 'Failed OutOfcpu': 1 });
    await end('burst', { Running: 5, 'Failed OutOfcpu': 40 });
  });

  it('do not count what the lower cluster refused to give', async () => {
    proxy.rule((method, url) => (method === 'PATCH' && url.includes('/resize') ? 403 : undefined));
    configure(base, { ...quota, name: 'resized', nodeName: 'vk-resized', kubeconfig: proxy.kubeconfig });
    await ready('vk-resized');
    await create('grows-0', 'vk-resized', cpu('100m'));
    await end('grows', { Running: 1 });
    const resources = { requests: { cpu: '900m' } };
    await above.patch(
      pods,
      { namespace, name: 'grows-0', subresource: 'resize' },
      { spec: { containers: [{ name: 'main', resources }] } },
      { type: 'strategic-merge' },
    );
    await eventually(async () => {
      const { items } = await above.list(events, {
        namespace,
        fieldSelector: 'involvedObject.name=grows-0,reason=LowerClusterRefused',
      });
      expect(items).not.toEqual([]);
    });
    await Promise.all(range('beside', 9).map((name) => create(name, 'vk-resized', cpu('100m'))));
    await end('beside', { Running: 9 });
    proxy.rule(() => undefined);
  });
});

describe('a lower API server that fails for some calls', { timeout: 90_000 }, () => {
  const odd = { ...base, name: 'odd', nodeName: 'vk-odd' };

  it.each([429, 500, 'hang'] as const)(
    '%s on half of the creates and deletes: each pod runs once, and all come to an end',
    async (what) => {
      let turn = 0;
      configure(base, { ...odd, kubeconfig: proxy.kubeconfig } as typeof odd);
      await ready('vk-odd');
      const witness = await watchPods(below, namespace);
      proxy.rule((method, url) => {
        if (!/\/pods(\/|$|\?)/.test(url) || (method !== 'POST' && method !== 'DELETE')) return undefined;
        turn += 1;
        return turn % 2 === 0 && turn < 20 ? what : undefined;
      });
      const names = range(`odd${what}`, 20);
      await Promise.all(names.map((name) => create(name, 'vk-odd')));
      await end(`odd${what}`, { Running: 20 }, 50_000);
      await Promise.all(names.map(removeAbove));
      proxy.rule(() => undefined);
      await eventually(
        async () => {
          const { items } = await below.list(pods, { namespace });
          expect(items.filter(({ metadata }) => metadata?.name?.startsWith(`odd${what}`))).toEqual([]);
        },
        { within: 40_000 },
      );
      await witness.stop();
      const doubled = madeTwice(witness).filter((key) => key.includes(`odd${what}`));
      console.log(`${what}: ${JSON.stringify([...proxy.hit])}`);
      expect(doubled).toEqual([]);
    },
  );

  it('forbids watches from the start: the node does not stay Ready, or its pods say why they wait', async () => {
    configure(base);
    await sleep(1_000);
    proxy.rule((_method, url) => (/^\/api\/v1\/secrets/.test(url) ? 403 : undefined));
    configure(base, { ...odd, kubeconfig: proxy.kubeconfig } as typeof odd);
    await sleep(3_000);
    await create('blind-0', 'vk-odd');
    expect((await get('/readyz')).status).toBe(503);
    // Its heartbeat has stopped, and the node controller's patience is 40 s.
    await eventually(async () => expect(isReady(await above.get(nodes, { name: 'vk-odd' }))).toBe(false), {
      within: 70_000,
      every: 500,
    });
    proxy.rule(() => undefined);
  });
});

describe('a cluster that comes and goes', { timeout: 90_000 }, () => {
  it('within a second, its pods running: none is made twice, lost or failed', async () => {
    const other = { ...base, name: 'comes', nodeName: 'vk-comes' };
    configure(base, other);
    await ready('vk-comes');
    const witness = await watchPods(below, namespace);
    const names = range('comes', 20);
    await Promise.all(names.map((name) => create(name, 'vk-comes')));
    await end('comes', { Running: 20 });
    for (let turn = 0; turn < 6; turn++) {
      configure(base);
      await sleep(turn * 60);
      configure(
        base,
        turn % 2 === 0
          ? other
          : ({
              ...other,
              nodeSelector: 'kubernetes.io/hostname in (b-node-0)',
              capacity: { cpu: '1' },
            } as typeof other),
      );
      await sleep(150);
      await create(`comes-${20 + turn}`, 'vk-comes');
      await removeAbove(`comes-${turn}`);
      await sleep(400);
    }
    configure(base, other);
    await end('comes', { Running: 20 });
    // The same cluster under another name for a while: what ran goes on.
    configure(base, { ...other, nodeName: 'vk-renamed' });
    await ready('vk-renamed');
    await sleep(1_500);
    const before = atWork('vk-comes');
    configure(base, other);
    await eventually(() => expect(atWork('vk-comes')).toBe(before + 1));
    await sleep(1_000);
    await end('comes', { Running: 20 });
    await witness.stop();
    expect(madeTwice(witness).filter((key) => key.includes('/comes-'))).toEqual([]);
    configure(base);
  });

  it('thirty times leaves nothing behind in the process', async () => {
    const measure = async () => {
      const { text } = await get('/metrics');
      const descriptors = readdirSync(`/proc/${replica.pid}/fd`).length;
      const rss =
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${replica.pid}/status`, 'utf8'))?.[1]) / 1024;
      const heap = Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1]) / 1_048_576;
      return {
        series: text.split('\n').filter((line) => line && !line.startsWith('#')).length,
        gone: text.includes('vk-again'),
        descriptors,
        rss: Math.round(rss),
        heap: Math.round(heap),
      };
    };
    const figures: Awaited<ReturnType<typeof measure>>[] = [];
    for (let turn = 0; turn < 30; turn++) {
      configure(base, { ...base, name: 'again', nodeName: 'vk-again' });
      await eventually(() => expect(atWork('vk-again')).toBe(turn + 1));
      configure(base);
      await eventually(async () => expect((await get('/readyz')).text).not.toContain('vk-again'));
      if (turn % 10 === 9) {
        await sleep(3_000);
        figures.push(await measure());
      }
    }
    console.log(JSON.stringify(figures));
    const [first, , last] = figures;
    expect(last?.gone).toBe(false);
    expect((last?.descriptors ?? 0) - (first?.descriptors ?? 0)).toBeLessThan(8);
    expect((last?.series ?? 0) - (first?.series ?? 0)).toBeLessThan(10);
    expect((last?.heap ?? 0) - (first?.heap ?? 0)).toBeLessThan(30);
    expect(replica.log()).not.toMatch(/MaxListeners|"level":60|UnhandledPromise/);
  });
});

describe('the copies that virtual nodes of one cluster share', { timeout: 60_000 }, () => {
  it('go with the last pod, also when the node that made them is no more', async () => {
    const other = { ...base, name: 'maker', nodeName: 'vk-maker' };
    configure(base, other);
    await ready('vk-maker');
    await above.create(secrets, {
      metadata: { name: 'left', namespace },
      stringData: { key: 'TOPSECRET' },
    } as object);
    const volumes = [{ name: 's', secret: { secretName: 'left' } }];
    await create('maker-0', 'vk-maker', { volumes });
    await end('maker', { Running: 1 });
    await create('user-0', 'vk-base', { volumes });
    await end('user', { Running: 1 });
    await removeAbove('maker-0');
    await eventually(async () =>
      expect(await find(below, pods, { namespace, name: 'maker-0' })).toBeUndefined(),
    );
    configure(base);
    await sleep(1_500);
    await removeAbove('user-0');
    await eventually(async () =>
      expect(await find(below, pods, { namespace, name: 'user-0' })).toBeUndefined(),
    );
    await eventually(
      async () => expect(await find(below, secrets, { namespace, name: 'left' })).toBeUndefined(),
      { within: 5_000 },
    );
  });
});

describe('the kubelet port', { timeout: 60_000 }, () => {
  const account = (name: string) =>
    kubectl(clusters.upper, '-n', namespace, 'create', 'serviceaccount', name);
  const tokenOf = async (name: string) =>
    (await kubectl(clusters.upper, '-n', namespace, 'create', 'token', name)).stdout.trim();
  const ask = async (node: string, path: string, token?: string, method = 'GET', headers: object = {}) => {
    const { status } = await above.get(nodes, { name: node });
    const port = status?.daemonEndpoints?.kubeletEndpoint?.Port;
    const began = performance.now();
    const request = https.request({
      host: clusters.upper.address,
      port,
      path,
      method,
      rejectUnauthorized: false,
      agent: false,
      headers: { ...headers, ...(token ? { authorization: `Bearer ${token}` } : {}) },
    });
    request.end();
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      request.on('response', resolve);
      request.on('error', reject);
      request.on('upgrade', (answer, socket) => {
        socket.destroy();
        resolve(answer);
      });
    });
    let text = '';
    if (!response.readableEnded) for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return { code: response.statusCode ?? 0, text, took: performance.now() - began };
  };

  it('gives nothing to strangers, nothing of others to friends, and answers in time for a cluster that hangs', async () => {
    configure(base, { ...base, name: 'beside', nodeName: 'vk-beside', kubeconfig: proxy.kubeconfig });
    await ready('vk-beside');
    await Promise.all(['friend', 'stranger'].map(account));
    await kubectl(
      clusters.upper,
      'create',
      'clusterrolebinding',
      namespace,
      '--clusterrole=system:kubelet-api-admin',
      `--serviceaccount=${namespace}:friend`,
    );
    await create('port-0', 'vk-base');
    await create('port-1', 'vk-beside');
    await end('port', { Running: 2 });
    const [friend, stranger] = await Promise.all(['friend', 'stranger'].map(tokenOf));
    const log = (pod: string) => `/containerLogs/${namespace}/${pod}/main`;
    const paths = [
      log('port-0'),
      `/exec/${namespace}/port-0/main?command=id`,
      `/attach/${namespace}/port-0/main`,
      `/portForward/${namespace}/port-0`,
      '/pods',
      '/runningpods/',
      '/stats/summary',
      '/metrics/resource',
      '/healthz',
      '/metrics',
      '/metrics/cadvisor',
      '/configz',
      '/logs/',
      '/debug/pprof/heap',
      '/spec/',
      '/',
      '//pods',
      '/pods/../healthz',
      `/run/${namespace}/port-0/main?cmd=id`,
      `/${'a'.repeat(100_000)}`,
      '/%ff%00',
      '/containerLogs/%2e%2e/%2e%2e/main',
    ];
    const codes = async (token?: string) =>
      Promise.all(paths.map(async (path) => (await ask('vk-base', path, token)).code));
    expect(new Set(await codes())).toEqual(new Set([401]));
    expect(new Set(await codes('nonsense'))).toEqual(new Set([401]));
    expect(new Set(await codes(stranger))).toEqual(new Set([403]));
    const friendly = await codes(friend);
    console.log(
      `friend: ${paths.map((path, index) => `${path.slice(0, 30)} ${friendly[index]}`).join(', ')}`,
    );
    for (const path of [
      log('port-1'),
      '/containerLogs/kube-system/port-0/main',
      `/exec/${namespace}/port-1/main?command=id`,
      `/containerLogs/${namespace}/port-0%2f..%2fport-1/main`,
    ])
      expect([400, 404], path).toContain((await ask('vk-base', path, friend)).code);
    for (const method of ['DELETE', 'TRACE', 'OPTIONS', 'PUT', 'PATCH'])
      expect((await ask('vk-base', '/pods', friend, method)).code).toBeGreaterThanOrEqual(400);
    const listed = JSON.parse((await ask('vk-base', '/pods', friend)).text) as {
      items: { spec: { nodeName: string } }[];
    };
    expect(new Set(listed.items.map(({ spec }) => spec.nodeName))).toEqual(new Set(['vk-base']));
    const upgrade = { connection: 'Upgrade', upgrade: 'nonsense' };
    for (const path of paths)
      expect((await ask('vk-base', path, friend, 'POST', upgrade)).code).toBeGreaterThanOrEqual(200);
    // Only a node with pods is asked for figures; this one hangs.
    proxy.rule((_method, url) => (url.includes('/proxy/') ? 'hang' : undefined));
    const slow = await Promise.all(
      ['/stats/summary', '/metrics/resource'].map((path) => ask('vk-beside', path, friend)),
    );
    proxy.rule(() => undefined);
    console.log(
      `hanging: ${slow.map(({ code, took, text }) => `${code} ${took.toFixed(0)} ms ${text.slice(0, 80)}`).join('; ')}`,
    );
    for (const { took } of slow) expect(took).toBeLessThan(10_000);
    expect((await get('/healthz')).status).toBe(200);
    expect(replica.log()).not.toContain(friend ?? 'none');
    expect((await get('/metrics')).text).not.toContain(friend ?? 'none');
    await kubectl(clusters.upper, 'delete', 'clusterrolebinding', namespace);
  });
});

describe('hostile Secrets of clusters', { timeout: 60_000 }, () => {
  it('are refused one by one, and the good one is joined', async () => {
    const inline = async (path: string) => {
      const { stdout } = await kubectl(
        { ...b, kubeconfig: path },
        'config',
        'view',
        '--raw',
        '--flatten',
        '-o',
        'json',
      );
      return stdout;
    };
    const [good, upward] = [
      await inline(b.providerKubeconfig),
      await inline(clusters.upper.providerKubeconfig),
    ];
    const secret = (name: string, kubeconfig: string, configuration?: object | string) =>
      above.create(secrets, {
        metadata: { name, namespace: `${namespace}-s`, labels: { 'isthmus.io/cluster': 'true' } },
        stringData: {
          kubeconfig,
          ...(configuration === undefined
            ? {}
            : {
                configuration: typeof configuration === 'string' ? configuration : stringify(configuration),
              }),
        },
      } as object);
    const withUser = (user: object, cluster: object = {}) => {
      const read = JSON.parse(good) as { users: { user: object }[]; clusters: { cluster: object }[] };
      for (const each of read.users) each.user = { ...each.user, ...user };
      for (const each of read.clusters) each.cluster = { ...each.cluster, ...cluster };
      return JSON.stringify(read);
    };
    const other = await startReplica(clusters, '--cluster-secrets', `${namespace}-s`, '--log-level=debug');
    try {
      await secret('deep', '['.repeat(20_000) + ']'.repeat(20_000));
      await secret('long', 'a', `nodeSelector: "${'a,'.repeat(200_000)}"`);
      await secret('huge', `"${'TOPSECRET'.repeat(80_000)}`);
      await secret(
        'exec',
        withUser({
          exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch', args: ['/tmp/TOPSECRET'] },
        }),
      );
      await secret('files', withUser({ tokenFile: '/etc/passwd' }));
      await secret('upward', upward, { nodeName: 'vk-upward' });
      await secret('real-node', good, { nodeName: 'vk-good' });
      await secret('badtls', withUser({}, { 'tls-server-name': 'a\r\nb' }), {
        nodeName: 'vk-badtls',
      });
      await secret(
        'userinfo',
        withUser({ token: 'TOPSECRET' }, { server: 'https://me:TOPSECRET@127.0.0.1:9/TOPSECRETless' }),
        { nodeName: 'vk-userinfo' },
      );
      await secret(
        'proxied',
        withUser({ token: 'TOPSECRET' }, { 'proxy-url': 'http://me:TOPSECRET@127.0.0.1:9' }),
        { nodeName: 'vk-proxied' },
      );
      await secret('slow', good, { nodeName: 'vk-slow', qps: 1e-9, burst: 1 });
      await secret('no-burst', good, { nodeName: 'vk-no-burst', burst: 0.5 });
      await secret('port', good, { nodeName: 'vk-port', kubeletPort: 6443 });
      await secret('good', good, { nodeName: 'vk-good-2', serviceAccountMode: 'none' });
      for (const name of ['vk-good', 'vk-good-2', 'vk-upward', 'vk-slow', 'vk-port', 'vk-no-burst'])
        used.add(name);
      await Promise.all([ready('vk-good'), ready('vk-good-2')]);
      await create('hostile-0', 'vk-good-2');
      await end('hostile', { Running: 1 });
      await removeAbove('hostile-0');
      await eventually(async () =>
        expect(await find(below, pods, { namespace, name: 'hostile-0' })).toBeUndefined(),
      );
      await sleep(2_000);
      const lines = other
        .log()
        .split('\n')
        .filter((line) => /"level":"(warn|error)"/.test(line))
        .map((line) => line.replace(/.*"message":"([^"]*)".*/, '$1').slice(0, 160));
      console.log(`hostile: ${[...new Set(lines)].join('\n  ')}`);
      expect(other.log()).not.toContain('TOPSECRET');
      const { items } = await above.list(events, { namespace: `${namespace}-s` });
      expect(JSON.stringify(items)).not.toContain('TOPSECRET');
    } finally {
      const began = performance.now();
      expect(await other.stop()).toBe(0);
      console.log(`stop took ${(performance.now() - began).toFixed(0)} ms`);
    }
  });
});
