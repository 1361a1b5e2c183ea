import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CommandResult, execute } from '../../hack/clusters/exec.ts';
import type { LocalCluster } from '../../hack/clusters/open.ts';
import { filesOf } from '../../hack/clusters/pki.ts';
import { freePorts } from '../../hack/clusters/plan.ts';
import type { RunningProgram } from '../../hack/clusters/programs.ts';
import type { Client } from '../../src/kube/client.ts';
import { listAll } from '../../src/kube/list-all.ts';
import { events, namespaces, nodes, pods, secrets } from '../../src/kube/resources.ts';
import { upperUidOf } from '../../src/translate/marks.ts';
import { eventually, kubectl, kubectlWith, lowerCluster, openClusters } from '../clusters.ts';
import { podSpec, workload } from '../manifests.ts';
import { clientOf, find, watchPods } from '../objects.ts';
import { isReady, isthmus } from '../provider.ts';

/** One process and two lower clusters that come and go, as its users do it: by isthmus join and unjoin. */
const clusters = openClusters();
const { upper } = clusters;
const a = lowerCluster(clusters, 'a');
const b = lowerCluster(clusters, 'b');
const system = 'isthmus-system';
const namespace = `e2e-join-${Date.now().toString(36)}`;
const many = 500;
let above: Client;
let below: Record<'a' | 'b', Client>;
let provider: RunningProgram;

beforeAll(async () => {
  above = clientOf(upper);
  below = { a: clientOf(a), b: clientOf(b) };
  await above.create(namespaces, { metadata: { name: namespace } });
  const [port = 0, metrics = 0] = await freePorts(2);
  const files = filesOf(clusters.directory, upper.name);
  const flags = ['--kubeconfig', upper.providerKubeconfig, '--cluster-secrets', system];
  const more = ['--metrics-addr', `${upper.address}:${metrics}`];
  provider = await clusters.run('fleet', [process.execPath, isthmus, 'provider', ...flags, ...more], {
    KUBELET_PORT: String(port),
    VKUBELET_POD_IP: upper.address,
    APISERVER_CERT_LOCATION: files.key('nodes.crt'),
    APISERVER_KEY_LOCATION: files.key('nodes.key'),
  });
});
afterAll(async () => {
  await kubectl(upper, 'delete', 'namespace', namespace, '--wait=false');
  await eventually(async () => expect((await above.list(pods, { namespace })).items).toEqual([]), {
    within: 60_000,
  }).catch(() => {});
  provider?.kill('SIGKILL');
  await provider?.exited;
  await kubectl(upper, '-n', system, 'delete', 'secrets', '-l', 'isthmus.io/cluster');
  await kubectl(upper, 'delete', 'nodes', 'vk-join-a', 'vk-join-b', '--ignore-not-found');
  for (const cluster of [a, b]) {
    const made = 'serviceaccounts,clusterrolebindings,secrets';
    await kubectl(cluster, '-n', system, 'delete', made, '-l', 'isthmus.io/joined');
    await kubectl(cluster, 'delete', 'namespace', namespace, '--wait=false', '--ignore-not-found');
  }
  await Promise.all([above, below.a, below.b].map((client) => client.transport.close()));
});

async function isthmusDoes(
  command: 'join' | 'unjoin',
  name: string,
  ...more: string[]
): Promise<CommandResult> {
  const signal = AbortSignal.timeout(110_000);
  return execute(process.execPath, [isthmus, command, name, '--kubeconfig', upper.kubeconfig, ...more], {
    signal,
  });
}

async function join(cluster: LocalCluster, ...more: string[]): Promise<string> {
  const { name } = cluster;
  const flags = ['--client-kubeconfig', cluster.kubeconfig, '--node-name', `vk-join-${name}`, ...more];
  const { stdout, stderr, exitCode } = await isthmusDoes('join', `join-${name}`, ...flags);
  expect([stderr, exitCode]).toEqual(['', 0]);
  return stdout;
}

async function deploy(name: 'a' | 'b', replicas: number): Promise<void> {
  const spec = { replicas, strategy: { rollingUpdate: { maxSurge: '20%', maxUnavailable: '20%' } } };
  const input = JSON.stringify(workload('Deployment', `on-${name}`, podSpec(`vk-join-${name}`), spec));
  const { stderr, exitCode } = await kubectlWith({ input }, upper, '-n', namespace, 'apply', '-f', '-');
  expect([stderr, exitCode]).toEqual(['', 0]);
}

const isDeployed = (name: 'a' | 'b', within = 100_000) =>
  eventually(
    async () => {
      const status = ['-n', namespace, 'rollout', 'status', 'deployment', `on-${name}`, '--watch=false'];
      expect((await kubectl(upper, ...status)).stdout).toContain('successfully rolled out');
    },
    { within, every: 500 },
  );

const nodeOf = (name: 'a' | 'b') => above.get(nodes, { name: `vk-join-${name}` });
const log = () => readFileSync(provider.logFile, 'utf8');

it('joins two clusters while it runs', async () => {
  const said = await Promise.all([join(a), join(b)]);
  for (const name of ['a', 'b'] as const) expect(isReady(await nodeOf(name))).toBe(true);
  expect(said.join('')).toContain('the virtual node vk-join-b is Ready');
  await Promise.all([deploy('a', 3), deploy('b', many)]);
  await Promise.all([isDeployed('a'), isDeployed('b')]);
});

it(`takes one away and back again while ${many} pods of the other change`, async () => {
  const witness = await watchPods(below.b, namespace);
  try {
    const { items: first } = await listAll(above, pods, { namespace, labelSelector: 'app=on-b' });
    await kubectl(upper, '-n', namespace, 'rollout', 'restart', 'deployment', 'on-b');
    const flags = ['--client-kubeconfig', a.kubeconfig];
    const unjoined = await isthmusDoes('unjoin', 'join-a', ...flags);
    expect([unjoined.stderr, unjoined.exitCode]).toEqual(['', 0]);
    expect(await find(above, nodes, { name: 'vk-join-a' })).toBeUndefined();
    expect((await below.a.list(pods, { namespace })).items).toEqual([]);
    await join(a);
    await Promise.all([isDeployed('a'), isDeployed('b')]);
    const { items: left } = await listAll(above, pods, { namespace, labelSelector: 'app=on-b' });
    const old = new Set(first.map(({ metadata }) => metadata?.uid));
    expect(left.filter(({ metadata }) => old.has(metadata?.uid))).toEqual([]);
    for (const [key, uids] of witness.uids) expect([key, uids.size]).toEqual([key, 1]);
    const { items: copies } = await listAll(below.b, pods, { namespace });
    expect(new Set(copies.map(upperUidOf))).toEqual(new Set(left.map(({ metadata }) => metadata?.uid)));
  } finally {
    await witness.stop();
  }
});

it('goes on with a new token when the old one is taken away below', async () => {
  const { pid } = provider;
  await kubectl(b, '-n', system, 'delete', 'secrets', '-l', 'isthmus.io/joined=join-b');
  await eventually(async () => expect(isReady(await nodeOf('b'))).toBe(false), { within: 60_000 });
  await join(b);
  await deploy('b', many + 1);
  await isDeployed('b');
  expect(provider.pid).toBe(pid);
  expect(log().split('"msg":"at work"').length).toBe(4);
});

it('renews a token that is in use, and takes the former one away', async () => {
  const tokens = async () =>
    (await below.b.list(secrets, { namespace: system, labelSelector: 'isthmus.io/joined=join-b' })).items.map(
      ({ metadata }) => metadata?.name,
    );
  const [former] = await tokens();
  expect(await join(b)).toContain('the former token counts no more');
  expect(await tokens()).not.toContain(former);
  expect((await tokens()).length).toBe(1);
  await deploy('b', many);
  await isDeployed('b');
  expect(isReady(await nodeOf('b'))).toBe(true);
});

it('tells of a mistake in one Secret, and the others go on', async () => {
  const labels = { 'isthmus.io/cluster': 'true' };
  const kubeconfig = Buffer.from(readFileSync(b.kubeconfig, 'utf8')).toString('base64');
  const configuration = Buffer.from('capacity: {cpu: lots}').toString('base64');
  await above.create(secrets, {
    metadata: { name: 'wrong', namespace: system, labels },
    data: { kubeconfig, configuration },
  });
  await eventually(async () => {
    const fieldSelector = 'involvedObject.name=wrong,reason=ClusterRefused';
    const { items } = await above.list(events, { namespace: system, fieldSelector });
    expect(items[0]?.message).toContain('capacity.cpu: expected a quantity such as 500m or 8, found "lots"');
  });
  await deploy('a', 5);
  await isDeployed('a', 30_000);
  expect(await find(above, nodes, { name: 'wrong' })).toBeUndefined();
});

it('takes a cluster away that is gone, says what is left, and cleans up when it is back', async () => {
  await b.stopApiServer();
  const unjoining = isthmusDoes('unjoin', 'join-b', '--force', '--timeout', '5s');
  await Promise.allSettled([unjoining]);
  await b.startApiServer();
  const forced = await unjoining;
  expect([forced.stderr, forced.exitCode]).toEqual(['', 0]);
  expect(forced.stdout).toContain('the lower cluster cannot be used');
  expect(forced.stdout).toContain('below: everything: pods, config maps and secrets');
  expect(await find(above, nodes, { name: 'vk-join-b' })).toBeUndefined();
  expect((await listAll(below.b, pods, { namespace })).items.length).toBeGreaterThan(0);
  await deploy('a', 2);
  await isDeployed('a', 30_000);
  const flags = ['--client-kubeconfig', b.kubeconfig, '--node-name', 'vk-join-b'];
  const cleaned = await isthmusDoes('unjoin', 'join-b', ...flags);
  expect([cleaned.stderr, cleaned.exitCode]).toEqual(['', 0]);
  expect((await listAll(below.b, pods, { namespace })).items).toEqual([]);
});
