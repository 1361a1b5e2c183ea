import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalCluster } from '../../hack/clusters/open.ts';
import type { Client } from '../../src/kube/client.ts';
import { endpointSlices, events, namespaces, serviceImports, services } from '../../src/kube/resources.ts';
import { eventually, kubectl, kubectlWith, lowerCluster, openClusters } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { definitions, serviceExport, serviceImport } from '../multi-cluster-services.ts';
import { clientOf, find } from '../objects.ts';
import { createProvider, type TestProvider } from '../provider.ts';
import { openStage, type Stage } from '../stage.ts';

/** `a` gets the multi-cluster services API, as the upper cluster does; `b` never has it. */
let stage: Stage;
let other: TestProvider;
let inB: Client;
/** A namespace above without virtual pods. */
let empty: string;
/** Definitions are noticed within a minute. */
const slow = { within: 120_000, every: 500 };
const clusters = openClusters();
const withApi = (): LocalCluster[] => [clusters.upper, lowerCluster(clusters, 'a')];

beforeAll(async () => {
  stage = await openStage('mcs', 'a');
  empty = `${stage.namespace}-empty`;
  const lower = lowerCluster(clusters, 'b');
  inB = clientOf(lower);
  other = await createProvider({ clusters, upper: stage.above, lower, node: 'vk-mcs-b', flags: [] });
  await other.start();
  await stage.above.create(namespaces, { metadata: { name: empty } });
  await stage.create(podOn(stage.node, 'resident'), podOn(other.node, 'resident-b'));
  await stage.reaches('resident', 'Running');
  await stage.reaches('resident-b', 'Running');
}, 180_000);
afterAll(async () => {
  const names = definitions.map((one) => (one as { metadata: { name: string } }).metadata.name);
  for (const cluster of withApi())
    await kubectl(cluster, 'delete', 'customresourcedefinition', ...names, '--ignore-not-found');
  try {
    await stage?.close();
  } finally {
    await other?.stop();
    await inB?.transport.close();
    await kubectl(clusters.upper, 'delete', 'node', 'vk-mcs-b', '--ignore-not-found');
    await kubectl(clusters.upper, 'delete', 'namespace', empty, '--wait=false');
    for (const name of ['a', 'b']) {
      const gone = ['delete', 'namespace', empty, stage.namespace, '--ignore-not-found', '--wait=false'];
      await kubectl(lowerCluster(clusters, name), ...gone);
    }
  }
}, 180_000);

async function create(cluster: LocalCluster, namespace: string, ...items: object[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await eventually(async () => {
    const { exitCode, stderr } = await kubectlWith({ input }, cluster, '-n', namespace, 'apply', '-f', '-');
    if (exitCode !== 0) throw new Error(stderr);
  });
}
const handMade = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ name: 'http', port: 80 }], ...more },
});
const sliceOf = (service: string, labels: object = {}) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${service}-1`, labels: { 'kubernetes.io/service-name': service, ...labels } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  endpoints: [{ addresses: ['192.0.2.7'], conditions: { ready: true } }],
});
const logs = () => [stage.provider, other].map((provider) => provider.log()).join('\n');

it('where nobody serves the API, nothing is watched or said of it', async () => {
  await create(clusters.upper, empty, handMade('exported'), sliceOf('exported'));
  expect(await find(stage.below, services, { namespace: empty, name: 'exported' })).toBeUndefined();
  expect(logs()).not.toMatch(/serviceexport|serviceimport|multicluster/i);
});

it('an exported Service goes to every lower cluster, and is taken back with the export', {
  timeout: 300_000,
}, async () => {
  for (const cluster of withApi()) await create(cluster, 'default', ...definitions);
  await create(clusters.upper, empty, serviceExport('exported'));
  for (const client of [stage.below, inB]) {
    const where = { namespace: empty, name: 'exported' };
    await eventually(() => client.get(services, where), slow);
    const slice = await eventually(() => client.get(endpointSlices, { ...where, name: 'exported-1' }));
    expect(slice.endpoints?.[0]?.addresses).toEqual(['192.0.2.7']);
  }
  // Now that it is known, a change takes no minute.
  await kubectl(clusters.upper, '-n', empty, 'delete', 'serviceexport', 'exported');
  for (const client of [stage.below, inB])
    await eventually(async () => {
      expect((await client.list(services, { namespace: empty })).items).toEqual([]);
      const ours = { namespace: empty, labelSelector: 'kubernetes.io/service-name=exported' };
      expect((await client.list(endpointSlices, ours)).items).toEqual([]);
    });
});

it('a ServiceImport goes where it is served, with the address that its Service has there', {
  timeout: 300_000,
}, async () => {
  const { namespace, below, above } = stage;
  const name = 'shop';
  const label = { 'multicluster.kubernetes.io/service-name': name };
  await create(clusters.upper, namespace, handMade('derived-shop'), sliceOf('derived-shop', label));
  const derived = await above.get(services, { namespace, name: 'derived-shop' });
  const addressAbove = derived.spec?.clusterIP ?? '';
  await create(
    clusters.upper,
    namespace,
    serviceImport(name, { type: 'ClusterSetIP', ips: [addressAbove] }),
    serviceImport('headless', { type: 'Headless' }),
  );
  const copy = await eventually(async () => {
    const found = await below.get(serviceImports, { namespace, name });
    const { spec } = await below.get(services, { namespace, name: 'derived-shop' });
    expect(found.spec?.ips).toEqual([spec?.clusterIP]);
    return found;
  }, slow);
  expect(copy.spec?.ips).not.toEqual([addressAbove]);
  expect(copy.metadata?.labels).toMatchObject({ tier: 'back', 'virtual-pod': 'true' });
  const slice = await below.get(endpointSlices, { namespace, name: 'derived-shop-1' });
  expect(slice.metadata?.labels).toMatchObject(label);
  const headless = await eventually(() => below.get(serviceImports, { namespace, name: 'headless' }));
  expect(headless.spec).toMatchObject({ type: 'Headless' });
  expect(headless.spec?.ips).toBeUndefined();

  await kubectl(clusters.upper, '-n', namespace, 'label', 'serviceimport', name, 'tier=front', '--overwrite');
  await eventually(async () =>
    expect((await below.get(serviceImports, { namespace, name })).metadata?.labels?.['tier']).toBe('front'),
  );
  // The Service below is made anew, with another address.
  await kubectl(stage.lower, '-n', namespace, 'delete', 'service', 'derived-shop');
  await eventually(async () => {
    const [found, service] = await Promise.all([
      below.get(serviceImports, { namespace, name }),
      below.get(services, { namespace, name: 'derived-shop' }),
    ]);
    expect(found.spec?.ips).toEqual([service.spec?.clusterIP]);
  });
  await kubectl(clusters.upper, '-n', namespace, 'delete', 'serviceimport', name);
  await stage.gone(below, serviceImports, name);
});

it("a ServiceImport of the lower cluster's own stays as it is, and the upper one says so", async () => {
  const { namespace, below, above } = stage;
  const own = serviceImport('own', { type: 'Headless' });
  await create(stage.lower, namespace, own);
  const before = await below.get(serviceImports, { namespace, name: 'own' });
  await create(clusters.upper, namespace, serviceImport('own', { type: 'ClusterSetIP' }));
  await eventually(async () => {
    const fieldSelector = 'involvedObject.name=own,reason=NameCollision';
    expect((await above.list(events, { namespace, fieldSelector })).items).not.toEqual([]);
  });
  expect(await below.get(serviceImports, { namespace, name: 'own' })).toEqual(before);
});

it('the cluster without the API hears nothing of ServiceImports', () => {
  expect(other.log()).not.toMatch(/serviceimport/i);
});
