import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../src/kube/client.ts';
import { endpointSlices, events, networkPolicies, pods, services } from '../../src/kube/resources.ts';
import type { EndpointSlice, KubeObject } from '../../src/kube/types.ts';
import { eventually, lowerCluster, openClusters } from '../clusters.ts';
import { podOn, workload } from '../manifests.ts';
import { find } from '../objects.ts';
import { createProvider, type TestProvider } from '../provider.ts';
import { closeBoth, openSecondNode, type SecondNode } from '../second-node.ts';
import { openStage, type Stage } from '../stage.ts';

const flags = ['--enable-controllers', 'ServiceControllers,NetworkPolicyControllers'];
/** Pods in both clusters are neighbours: a stage on `a`, and a virtual node of `b` beside it. */
let stage: Stage;
let second: SecondNode | undefined;
let other: TestProvider;
let inB: Client;
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  stage = await openStage('services', 'a', { flags: [...flags, '--upper-kubernetes-service'] });
  second = await openSecondNode(stage, 'b', flags);
  ({ provider: other, below: inB } = second);
  await stage.create(podOn(stage.node, 'resident'), podOn(other.node, 'resident-b'));
  await stage.reaches('resident', 'Running');
  await stage.reaches('resident-b', 'Running');
});
afterAll(() => closeBoth(stage, second));

const serviceIn = (client: Client, name: string) =>
  eventually(() => client.get(services, { namespace: stage.namespace, name }));
const slicesIn = async (client: Client, service: string): Promise<EndpointSlice[]> => {
  const labelSelector = `kubernetes.io/service-name=${service}`;
  return (await client.list(endpointSlices, { namespace: stage.namespace, labelSelector })).items;
};
/** What a kube-proxy of that cluster would send traffic to. */
const endpointsIn = async (client: Client, service: string) => {
  const endpoints = (await slicesIn(client, service)).flatMap(({ endpoints }) => endpoints ?? []);
  return endpoints.sort((a, b) => ((a.addresses[0] ?? '') < (b.addresses[0] ?? '') ? -1 : 1));
};
const readyIn = async (client: Client, service: string) => {
  const all = await endpointsIn(client, service);
  return all.filter(({ conditions }) => conditions?.ready).flatMap(({ addresses }) => addresses);
};
const service = (name: string, spec: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { ...metadata, name },
  spec,
});
const web = { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] };

describe.concurrent('a Service goes down', () => {
  it.each<[string, object, object]>([
    [
      'with named ports and session affinity',
      {
        ...web,
        ports: [
          { name: 'http', port: 80, targetPort: 'web' },
          { name: 'dns', port: 53, protocol: 'UDP', appProtocol: 'example.com/dns' },
        ],
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 30 } },
        internalTrafficPolicy: 'Local',
        trafficDistribution: 'PreferClose',
        publishNotReadyAddresses: true,
      },
      {
        type: 'ClusterIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 30 } },
        internalTrafficPolicy: 'Local',
        trafficDistribution: 'PreferClose',
        publishNotReadyAddresses: true,
      },
    ],
    ['headless', { ...web, clusterIP: 'None' }, { clusterIP: 'None', type: 'ClusterIP' }],
    [
      'as an external name',
      { type: 'ExternalName', externalName: 'db.example.com' },
      { type: 'ExternalName', externalName: 'db.example.com' },
    ],
    [
      'without its node port',
      { ...web, type: 'NodePort', externalTrafficPolicy: 'Local' },
      { type: 'ClusterIP', ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }] },
    ],
    [
      'without its load balancer',
      {
        ...web,
        type: 'LoadBalancer',
        loadBalancerClass: 'example.com/lb',
        loadBalancerSourceRanges: ['10.0.0.0/8'],
        externalIPs: ['192.0.2.1'],
        externalTrafficPolicy: 'Local',
      },
      { type: 'ClusterIP' },
    ],
    [
      'of two families where there are two',
      { ...web, ipFamilyPolicy: 'PreferDualStack' },
      { type: 'ClusterIP' },
    ],
    ['without a selector', { ports: [{ port: 80 }] }, { type: 'ClusterIP' }],
  ])('%s', async (title, spec, expected) => {
    const name = title.replaceAll(/[^a-z]+/g, '-');
    await stage.create(service(name, spec, { labels: { tier: 'front' }, annotations: { note: 'x' } }));
    for (const client of [stage.below, inB]) {
      const below = await serviceIn(client, name);
      expect(below.spec).toMatchObject(expected);
      expect(below.spec?.selector).toBeUndefined();
      expect(below.metadata?.labels).toMatchObject({ tier: 'front' });
      expect(below.metadata?.annotations).toMatchObject({ note: 'x' });
      expect(JSON.stringify(below.spec)).not.toMatch(
        /nodePort|loadBalancer|externalIP|externalTraffic|healthCheck/,
      );
      const above = await serviceIn(stage.above, name);
      if (above.spec?.clusterIP && above.spec.clusterIP !== 'None')
        expect(below.spec?.clusterIP).not.toBe(above.spec.clusterIP);
    }
  });
});

it('follows changes above, keeps what others noted below, and undoes edits there', async () => {
  const { below, namespace } = stage;
  await stage.create(service('changes', web, { labels: { a: '1', b: '1' } }));
  const made = await serviceIn(below, 'changes');
  const where = { namespace, name: 'changes' };
  await below.patch(services, where, { metadata: { annotations: { 'example.com/note': 'below' } } });
  await stage.run('label', 'service', 'changes', 'a=2', 'b-', '--overwrite');
  const ports = [{ port: 81, targetPort: 8081 }];
  await stage.run('patch', 'service', 'changes', '--type=merge', '-p', JSON.stringify({ spec: { ports } }));
  await eventually(async () => {
    const now = await below.get(services, where);
    expect(now.spec?.ports).toMatchObject(ports);
    expect(now.spec?.clusterIP).toBe(made.spec?.clusterIP);
    expect(now.metadata?.labels).toMatchObject({ a: '2' });
    expect(now.metadata?.labels).not.toHaveProperty('b');
    expect(now.metadata?.annotations).toHaveProperty(['example.com/note'], 'below');
  });
  await below.patch(services, where, { spec: { sessionAffinity: 'ClientIP', ports: [{ port: 99 }] } });
  await eventually(async () => {
    const now = await below.get(services, where);
    expect(now.spec).toMatchObject({ ports, sessionAffinity: 'None' });
  });
  // Of the same name, and something else: the API server would not change the one into the other.
  await stage.run('delete', 'service', 'changes');
  await stage.create(service('changes', { ...web, clusterIP: 'None' }));
  await eventually(async () => expect((await below.get(services, where)).spec?.clusterIP).toBe('None'));
  await stage.run('delete', 'service', 'changes');
  await stage.gone(below, services, 'changes');
  await eventually(async () => expect(await slicesIn(below, 'changes')).toEqual([]));
});

it('stays above where somebody says so', async () => {
  await stage.create(
    service('private', web, { annotations: { 'isthmus.io/service': 'false' } }),
    service('public', web),
  );
  await serviceIn(stage.below, 'public');
  expect(await find(stage.below, services, { namespace: stage.namespace, name: 'private' })).toBeUndefined();
  await stage.run('annotate', 'service', 'private', 'isthmus.io/service-');
  await serviceIn(stage.below, 'private');
  await stage.run('annotate', 'service', 'private', 'isthmus.io/service=false');
  await stage.gone(stage.below, services, 'private');
});

it.runIf(isRoot)('has all ready endpoints in each cluster, and follows them', async () => {
  const { above, below, namespace, node } = stage;
  const readiness = { exec: { command: ['test', '-f', '/tmp/ready'] }, periodSeconds: 1 };
  await stage.create(
    service('web', web),
    service('peers', { ...web, selector: { app: 'far' }, clusterIP: 'None' }),
    podOn(node, 'gated', { container: { readinessProbe: readiness } }, { labels: { app: 'web' } }),
    podOn(node, 'plain', {}, { labels: { app: 'web' } }),
    workload(
      'StatefulSet',
      'far',
      { ...templateOn(other.node), subdomain: 'peers' },
      { serviceName: 'peers', replicas: 2 },
    ),
  );
  await stage.run('label', 'pod', 'resident-b', 'app=web');
  for (const name of ['gated', 'plain', 'far-0', 'far-1']) await stage.reaches(name, 'Running');
  const address = async (name: string) => (await stage.podAbove(name)).status?.podIP ?? '';
  const [gated, ...ready] = await Promise.all(['gated', 'plain', 'resident-b'].map(address));
  await eventually(async () => {
    for (const client of [above, below, inB]) expect(await readyIn(client, 'web')).toEqual([...ready].sort());
  });
  expect(gated).toBeDefined();

  // What is of this cluster is called what it is here; of the others nothing is said that is not true here.
  const [lower, plain] = [await stage.podBelow('plain'), (await address('plain')) as string];
  const here = (await endpointsIn(below, 'web')).find(({ addresses }) => addresses[0] === plain);
  const uid = lower.metadata?.uid;
  expect(here).toMatchObject({
    nodeName: lower.spec?.nodeName,
    targetRef: { kind: 'Pod', name: 'plain', uid },
  });
  const there = (await endpointsIn(inB, 'web')).find(({ addresses }) => addresses[0] === plain);
  expect(there).not.toHaveProperty('nodeName');
  expect(there).not.toHaveProperty('targetRef');

  const times: number[] = [];
  for (const command of ['touch', 'rm', 'touch']) {
    await stage.run('exec', 'gated', '--', command, '/tmp/ready');
    const isReady = command === 'touch';
    const conditionOf = async () =>
      (await stage.podBelow('gated')).status?.conditions?.find(({ type }) => type === 'Ready')?.status;
    await eventually(async () => expect(await conditionOf()).toBe(isReady ? 'True' : 'False'), { every: 10 });
    const began = performance.now();
    for (const client of [below, inB])
      await eventually(
        async () => expect((await readyIn(client, 'web')).includes(gated ?? '')).toBe(isReady),
        { every: 10 },
      );
    times.push(performance.now() - began);
  }
  console.log(
    `readiness was in both clusters after ${times.map((time) => `${time.toFixed(0)} ms`).join(', ')}`,
  );
  expect(Math.max(...times)).toBeLessThan(10_000);
  // A headless Service of a StatefulSet tells the names that its pods have.
  await eventually(async () => {
    const names = (await endpointsIn(below, 'peers')).map(({ hostname }) => hostname);
    expect(names).toEqual(expect.arrayContaining(['far-0', 'far-1']));
  });
  for (const name of ['gated', 'plain']) await stage.run('delete', 'pod', name, '--wait=false');
  await stage.gone(above, pods, 'plain');
  await eventually(async () => expect(await readyIn(inB, 'web')).toEqual([ready[1]]));
  expect(namespace).toBe(stage.namespace);
});

it('of the lower cluster itself stays byte for byte; ours says so, waits, and comes when the name is free', async () => {
  const { below, namespace } = stage;
  await stage.createBelow(
    service('taken', { selector: { app: 'theirs' }, ports: [{ port: 1 }] }),
    theirSlice('taken-theirs', 'taken'),
  );
  const foreign = async () =>
    stage.runBelow(
      'get',
      'service/taken',
      'endpointslice/taken-theirs',
      '-o',
      'json',
      '--show-managed-fields',
    );
  const before = await foreign();
  await stage.create(service('taken', web));
  await eventually(async () => {
    const fieldSelector = 'involvedObject.name=taken,reason=NameCollision';
    const { items } = await stage.above.list(events, { namespace, fieldSelector });
    expect(items[0]?.message).toContain('belongs to the lower cluster itself');
  });
  await serviceIn(inB, 'taken');
  await stage.run('label', 'service', 'taken', 'a=b');
  await eventually(async () =>
    expect((await serviceIn(inB, 'taken')).metadata?.labels).toMatchObject({ a: 'b' }),
  );
  expect(await foreign()).toBe(before);
  expect((await slicesIn(below, 'taken')).filter(isOurs)).toEqual([]);
  await stage.runBelow('delete', 'service', 'taken');
  await eventually(async () => {
    const now = await below.get(services, { namespace, name: 'taken' });
    expect(now.metadata?.annotations).toHaveProperty(['isthmus.io/upper-cluster']);
    expect((await slicesIn(below, 'taken')).filter(isOurs)).not.toEqual([]);
  });
  expect(await find(below, endpointSlices, { namespace, name: 'taken-theirs' })).toBeDefined();
});

it('catches up after a time in which nobody worked', async () => {
  const { below } = stage;
  await stage.create(service('goes', web), service('stays', web));
  await serviceIn(below, 'goes');
  await serviceIn(below, 'stays');
  await stage.provider.kill();
  await stage.run('delete', 'service', 'goes');
  await stage.run(
    'patch',
    'service',
    'stays',
    '--type=merge',
    '-p',
    '{"spec":{"sessionAffinity":"ClientIP"}}',
  );
  await stage.create(service('comes', web));
  await stage.provider.start();
  await stage.gone(below, services, 'goes');
  await eventually(async () =>
    expect((await serviceIn(below, 'stays')).spec?.sessionAffinity).toBe('ClientIP'),
  );
  await serviceIn(below, 'comes');
  await eventually(async () => expect((await slicesIn(below, 'goes')).filter(isOurs)).toEqual([]));
});

it.runIf(isRoot)(
  'of the upper API server is what pods find by its usual name, where somebody wants that',
  async () => {
    const { below, above } = stage;
    const name = `kubernetes-${(await above.clusterUid()).slice(0, 8)}`;
    const where = { namespace: 'isthmus-system', name };
    const made = await below.get(services, where);
    const slice = await below.get(endpointSlices, where);
    expect(slice.endpoints?.[0]?.addresses).toEqual([stage.upper.address]);
    const hosts = await stage.run('exec', 'resident', '--', 'cat', '/etc/hosts');
    expect(hosts).toMatch(new RegExp(`^${made.spec?.clusterIP}\\s+kubernetes.default.svc\\s`, 'm'));
    // The other cluster was not asked to.
    expect((await inB.list(services, { namespace: 'isthmus-system' })).items).toEqual([]);
  },
);

it('a NetworkPolicy lets in the pods of this cluster by their labels, those of others by address', async () => {
  const { above, below, namespace } = stage;
  const labels = { role: 'caller' };
  const policy = (name: string): object => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name },
    spec: {
      podSelector: { matchLabels: { app: 'guarded' } },
      ingress: [
        { from: [{ podSelector: { matchLabels: labels } }], ports: [{ port: 80 }] },
        { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }] },
        { from: [{ namespaceSelector: { matchLabels: { none: 'such' } } }] },
      ],
    },
  });
  await below.create(networkPolicies, { metadata: { namespace, name: 'theirs' }, spec: { podSelector: {} } });
  await stage.create(
    policy('guard'),
    policy('theirs'),
    podOn(stage.node, 'caller-a', {}, { labels }),
    podOn(other.node, 'caller-b', {}, { labels }),
  );
  for (const name of ['caller-a', 'caller-b']) await stage.reaches(name, 'Running');
  const blockOf = async (name: string) => ({
    ipBlock: { cidr: `${(await above.get(pods, { namespace, name })).status?.podIP}/32` },
  });
  const [a, b] = [await blockOf('caller-a'), await blockOf('caller-b')];
  const peersIn = async (client: Client, rule: number) => {
    const { spec } = await client.get(networkPolicies, { namespace, name: 'guard' });
    // It is the lower cluster's own pods' business no more than theirs is ours.
    expect(spec?.podSelector?.matchExpressions?.map(({ key }) => key)).toEqual(['virtual-pod']);
    return (spec?.ingress?.[rule] as { from?: object[] } | undefined)?.from;
  };
  await eventually(async () => {
    expect(await peersIn(below, 0)).toEqual([{ podSelector: { matchLabels: labels } }, b]);
    expect(await peersIn(inB, 0)).toEqual([{ podSelector: { matchLabels: labels } }, a]);
    expect(await peersIn(below, 1)).toEqual(expect.arrayContaining([b]));
    expect((await peersIn(below, 2))?.length).toBe(1);
  });
  await stage.run('delete', 'pod', 'caller-b', '--wait=false');
  await eventually(async () =>
    expect(await peersIn(below, 0)).toEqual([{ podSelector: { matchLabels: labels } }]),
  );
  await eventually(async () => {
    const fieldSelector = 'involvedObject.name=theirs,reason=NameCollision';
    expect((await above.list(events, { namespace, fieldSelector })).items).not.toEqual([]);
  });
  expect((await below.get(networkPolicies, { namespace, name: 'theirs' })).spec?.podSelector).toEqual({});
  // Without the policy that means it, it would be open.
  await stage.create(podOn(stage.node, 'guarded', {}, { labels: { app: 'guarded' } }));
  await eventually(async () => {
    const { status } = await stage.podAbove('guarded');
    expect(status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('NetworkPolicyNotReady');
  });
  await stage.run('delete', 'networkpolicy', 'theirs');
  await stage.reaches('guarded', 'Running');
  await stage.run('delete', 'pod', 'guarded', '--wait=false');
  await stage.run('delete', 'networkpolicy', 'guard');
  await stage.gone(below, networkPolicies, 'guard');
  await stage.run('delete', 'pod', 'caller-a', '--wait=false');
});

it('in a local network has only the pods of its cluster, found there; and all of them once the network is flat', async () => {
  const { namespace, above } = stage;
  const labels = { app: 'local' };
  await stage.create(
    service('local', { ...web, selector: labels }),
    podOn(stage.node, 'local-a', {}, { labels }),
    podOn(other.node, 'local-b', {}, { labels }),
  );
  for (const name of ['local-a', 'local-b']) await stage.reaches(name, 'Running');
  const addressOf = async (name: string) => (await stage.podAbove(name)).status?.podIP ?? '';
  const [a, b] = [await addressOf('local-a'), await addressOf('local-b')];
  const both = [a, b].sort();
  await eventually(async () => expect((await readyIn(inB, 'local')).sort()).toEqual(both));

  await other.stop();
  const clusters = openClusters();
  const lower = lowerCluster(clusters, 'b');
  const localProvider = await createProvider({
    clusters,
    upper: above,
    lower,
    node: other.node,
    flags: ['--network=local'],
  });
  await localProvider.start();
  try {
    await eventually(async () => {
      const { spec } = await inB.get(services, { namespace, name: 'local' });
      expect(spec?.selector).toEqual(labels);
      expect((await slicesIn(inB, 'local')).filter(isOurs)).toEqual([]);
      expect(await readyIn(inB, 'local')).toEqual([b]);
    });
  } finally {
    await localProvider.stop();
    await other.start();
  }
  await eventually(async () => {
    const slices = await slicesIn(inB, 'local');
    expect(slices.filter((slice) => !isOurs(slice))).toEqual([]);
    expect((await readyIn(inB, 'local')).sort()).toEqual(both);
  });
  await stage.run('delete', 'pod', 'local-a', 'local-b', '--wait=false');
});

it('goes with the last pod of its namespace, and leaves what is not ours', async () => {
  await stage.create(service('last', web));
  await serviceIn(inB, 'last');
  await inB.create(services, {
    metadata: { namespace: stage.namespace, name: 'theirs' },
    spec: { ports: [{ port: 1 }] },
  });
  await stage.run('delete', 'statefulset', 'far', '--ignore-not-found');
  await stage.run('delete', 'pod', 'resident-b', '--wait=false');
  await eventually(
    async () => {
      const { items } = await inB.list(services, { namespace: stage.namespace });
      expect(items.map(({ metadata }) => metadata?.name)).toEqual(['theirs']);
      const left = await inB.list(endpointSlices, { namespace: stage.namespace });
      expect(left.items.filter(isOurs)).toEqual([]);
    },
    { within: 60_000 },
  );
  // The other cluster has pods there still.
  await serviceIn(stage.below, 'last');
});

function templateOn(node: string) {
  const { spec } = podOn(node, 'template');
  if (!spec) throw new Error('a pod has a spec');
  return spec;
}

function isOurs({ metadata }: KubeObject): boolean {
  // Labels of a Service come to be on the slices that the lower cluster makes for it.
  return metadata?.annotations?.['isthmus.io/upper-cluster'] !== undefined;
}

function theirSlice(name: string, of: string): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.9'] }],
    ports: [{ port: 1 }],
  };
}
