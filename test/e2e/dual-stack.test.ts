import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Client } from '../../src/kube/client.ts';
import { endpointSlices, events, services } from '../../src/kube/resources.ts';
import type { ServiceSpec } from '../../src/kube/types.ts';
import { eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { clientOf, find } from '../objects.ts';
import { createProvider, type TestProvider } from '../provider.ts';
import { openStage, type Stage } from '../stage.ts';

/** The upper cluster and `a` give Services addresses of two families, `b` of IPv4 alone. */
let stage: Stage;
let other: TestProvider;
let inB: Client;

beforeAll(async () => {
  const clusters = openClusters();
  stage = await openStage('dual', 'a');
  const lower = lowerCluster(clusters, 'b');
  inB = clientOf(lower);
  other = await createProvider({ clusters, upper: stage.above, lower, node: 'vk-dual-b', flags: [] });
  await other.start();
  await stage.create(podOn(stage.node, 'resident'), podOn(other.node, 'resident-b'));
  await stage.reaches('resident', 'Running');
  await stage.reaches('resident-b', 'Running');
}, 180_000);
afterAll(async () => {
  const clusters = openClusters();
  try {
    await stage?.close();
  } finally {
    await other?.stop();
    await inB?.transport.close();
    await kubectl(clusters.upper, 'delete', 'node', 'vk-dual-b', '--ignore-not-found');
    const gone = ['delete', 'namespace', stage?.namespace ?? 'none', '--ignore-not-found', '--wait=false'];
    await kubectl(lowerCluster(clusters, 'b'), ...gone);
  }
}, 180_000);

const service = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...spec },
});
/** The families of a Service, and those of the addresses that it has. */
async function familiesIn(client: Client, name: string): Promise<string> {
  const { spec = {} } = await client.get(services, { namespace: stage.namespace, name });
  const familyOf = (address: string) => (address.includes(':') ? 'IPv6' : 'IPv4');
  const { ipFamilies = [], clusterIPs = [] }: ServiceSpec = spec;
  const addresses = clusterIPs.filter((address) => address !== 'None').map(familyOf);
  return `${ipFamilies.join(' ')} / ${addresses.join(' ')}`;
}
const both = 'IPv4 IPv6 / IPv4 IPv6';
const four = 'IPv4 / IPv4';

it.each<[string, object, string, string]>([
  ['one', {}, four, four],
  ['two-if-there-are', { ipFamilyPolicy: 'PreferDualStack' }, both, four],
  [
    'the-other-first',
    { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] },
    'IPv6 IPv4 / IPv6 IPv4',
    four,
  ],
  ['only-the-other', { ipFamilies: ['IPv6'] }, 'IPv6 / IPv6', four],
  // A headless Service has no address to be had, so that any cluster takes both.
  ['headless', { clusterIP: 'None', ipFamilyPolicy: 'RequireDualStack' }, 'IPv4 IPv6 / ', 'IPv4 IPv6 / '],
])('a Service of families "%s" has what each cluster can give', async (name, spec, inDual, inSingle) => {
  await stage.create(service(name, spec));
  await eventually(async () => {
    expect(await familiesIn(stage.below, name)).toBe(inDual);
    expect(await familiesIn(inB, name)).toBe(inSingle);
  });
  // And stays so: what the lower cluster made of it is not written again.
  const version = async () =>
    (await inB.get(services, { namespace: stage.namespace, name })).metadata?.resourceVersion;
  const before = await version();
  await stage.run('annotate', 'service', name, 'isthmus.io/touch=1');
  await stage.create(service(`after-${name}`, {}));
  await eventually(() => inB.get(services, { namespace: stage.namespace, name: `after-${name}` }));
  expect(await version()).toBe(before);
});

it('one that insists on two stays above where there is one, and says so', async () => {
  const { namespace, above, below } = stage;
  await stage.create(service('insists', { ipFamilyPolicy: 'RequireDualStack' }));
  await eventually(async () => expect(await familiesIn(below, 'insists')).toBe(both));
  await eventually(async () => {
    const fieldSelector = 'involvedObject.name=insists,reason=LowerClusterRefused';
    expect((await above.list(events, { namespace, fieldSelector })).items).not.toEqual([]);
  });
  expect(await find(inB, services, { namespace, name: 'insists' })).toBeUndefined();
});

it('follows a change to two families and back', async () => {
  await stage.create(service('changes', {}));
  await eventually(async () => expect(await familiesIn(stage.below, 'changes')).toBe(four));
  await eventually(async () => expect(await familiesIn(inB, 'changes')).toBe(four));
  const become = (policy: string) =>
    stage.run('patch', 'service', 'changes', '-p', JSON.stringify({ spec: { ipFamilyPolicy: policy } }));
  await become('PreferDualStack');
  await eventually(async () => expect(await familiesIn(stage.below, 'changes')).toBe(both));
  expect(await familiesIn(inB, 'changes')).toBe(four);
  await become('SingleStack');
  await eventually(async () => expect(await familiesIn(stage.below, 'changes')).toBe(four));
  expect(await familiesIn(inB, 'changes')).toBe(four);
});

it('endpoints of both families go down, each in its slice', async () => {
  const { namespace } = stage;
  await stage.create(
    { ...service('ends', {}), spec: { ports: [{ port: 80 }], ipFamilyPolicy: 'PreferDualStack' } },
    ...[
      ['IPv4', '192.0.2.7'],
      ['IPv6', '2001:db8::7'],
    ].map(([addressType, address]) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `ends-${addressType?.toLowerCase()}`,
        labels: { 'kubernetes.io/service-name': 'ends' },
      },
      addressType,
      ports: [{ port: 8080, protocol: 'TCP', name: '' }],
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    })),
  );
  for (const client of [stage.below, inB])
    await eventually(async () => {
      const labelSelector = 'kubernetes.io/service-name=ends';
      const { items } = await client.list(endpointSlices, { namespace, labelSelector });
      const found = items.map(({ addressType, endpoints }) => [addressType, endpoints?.[0]?.addresses[0]]);
      expect(found.sort()).toEqual([
        ['IPv4', '192.0.2.7'],
        ['IPv6', '2001:db8::7'],
      ]);
    });
});
