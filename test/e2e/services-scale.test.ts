import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalCluster } from '../../hack/clusters/open.ts';
import type { Client } from '../../src/kube/client.ts';
import { listAll } from '../../src/kube/list-all.ts';
import { endpointSlices, type Resource, services } from '../../src/kube/resources.ts';
import type { EndpointSlice, KubeObject } from '../../src/kube/types.ts';
import { describeWrite, ourWrites } from '../audit.ts';
import { eventually } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { closeBoth, openSecondNode, type SecondNode } from '../second-node.ts';
import { openStage, type Stage } from '../stage.ts';

/** A namespace with so many Services, each with so many endpoints. */
const count = 500;
const endpointsOfEach = 10;
/** One slice that is as full as the upper cluster's own controller makes them. */
const full = 100;
/** The API servers write their logs in batches; in milliseconds. */
const logged = 2_000;

let stage: Stage;
let second: SecondNode;
let lower: readonly LocalCluster[];

beforeAll(async () => {
  stage = await openStage('many-services', 'b');
  second = await openSecondNode(stage, 'a');
  lower = [stage.lower, second.lower];
});
afterAll(() => closeBoth(stage, second), 240_000);

const labels = (service: string) => ({ 'kubernetes.io/service-name': service });
const ready = { ready: true, serving: true, terminating: false };
const endpoint = (index: number, place: number) => ({
  addresses: [`10.${100 + (index >> 8)}.${index & 255}.${place + 1}`],
  conditions: ready,
  nodeName: 'some-node',
  targetRef: { kind: 'Pod', namespace: 'elsewhere', name: `pod-${index}-${place}` },
});
const sliceOf = (index: number, size: number): EndpointSlice => ({
  metadata: { namespace: stage.namespace, name: `s${index}-x`, labels: labels(`s${index}`) },
  addressType: 'IPv4',
  endpoints: Array.from({ length: size }, (_, place) => endpoint(index, place)),
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
});

async function inEach<T extends KubeObject>(
  resource: Resource<T>,
  check: (items: T[]) => void,
): Promise<number> {
  const began = performance.now();
  for (const client of [stage.below, second.below])
    await eventually(
      async () => check((await listAll(client, resource, { namespace: stage.namespace })).items),
      {
        within: 90_000,
        every: 50,
      },
    );
  return performance.now() - began;
}

/** What was written to both lower clusters while something was done; leases of nodes are not there. */
async function writesOf(act: () => Promise<unknown>): Promise<string[]> {
  const since = Date.now();
  await act();
  await new Promise((resolve) => setTimeout(resolve, logged));
  return lower.flatMap((cluster) =>
    ourWrites(cluster, since).map((write) => `${cluster.name} ${describeWrite(write)}`),
  );
}

it('500 Services and 5,000 endpoints go down once, and then each change costs what changed', {
  timeout: 300_000,
}, async () => {
  const { above, namespace } = stage;
  const indexes = Array.from({ length: count }, (_, index) => index);
  const create = async (index: number) => {
    const spec = { ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
    await above.create(services, { metadata: { namespace, name: `s${index}` }, spec });
    await above.create(endpointSlices, sliceOf(index, index === 0 ? full : endpointsOfEach));
  };
  for (let first = 0; first < count; first += 50)
    await Promise.all(indexes.slice(first, first + 50).map(create));

  const first = await writesOf(async () => {
    await stage.create(podOn(stage.node, 'one'), podOn(second.provider.node, 'two'));
    await stage.reaches('one', 'Running');
    const waited = await inEach(services, (items) => expect(items.length).toBe(count));
    await inEach(endpointSlices, (items) => expect(items.length).toBe(count));
    console.log(`first sync into two clusters: ${waited.toFixed(0)} ms after the first pod ran`);
  });
  const kinds = ['services', 'endpointslices'].map((kind) =>
    first.filter((line) => line.includes(`create ${kind} `)),
  );
  console.log(
    `first sync: ${kinds.map(({ length }) => length).join(' Services and ')} slices created in two clusters`,
  );
  expect(kinds.map(({ length }) => length)).toEqual([2 * count, 2 * count]);

  const [changed] = sliceOf(0, 1).endpoints ?? [];
  const one = await writesOf(async () => {
    const endpoints = sliceOf(0, full).endpoints?.map((entry) =>
      entry.addresses[0] === changed?.addresses[0]
        ? { ...entry, conditions: { ...ready, ready: false } }
        : entry,
    );
    await above.patch(endpointSlices, { namespace, name: 's0-x' }, { endpoints });
    const isChanged = async (client: Client) => {
      const { endpoints: now } = await client.get(endpointSlices, { namespace, name: 's0-x' });
      expect(now?.[0]?.conditions?.ready).toBe(false);
    };
    const began = performance.now();
    for (const client of [stage.below, second.below]) await eventually(() => isChanged(client), { every: 5 });
    console.log(`one endpoint: in both clusters after ${(performance.now() - began).toFixed(0)} ms`);
  });
  expect(one.map(withoutTime)).toEqual(
    lower.map(({ name }) => `${name} update endpointslices ${namespace}/s0-x`),
  );

  const port = await writesOf(async () => {
    await above.patch(services, { namespace, name: 's7' }, { spec: { sessionAffinity: 'ClientIP' } });
    const isChanged = async (client: Client) =>
      expect((await client.get(services, { namespace, name: 's7' })).spec?.sessionAffinity).toBe('ClientIP');
    const began = performance.now();
    for (const client of [stage.below, second.below]) await eventually(() => isChanged(client), { every: 5 });
    console.log(`one Service: in both clusters after ${(performance.now() - began).toFixed(0)} ms`);
  });
  expect(port.map(withoutTime)).toEqual(lower.map(({ name }) => `${name} update services ${namespace}/s7`));

  // A provider that starts finds everything in step.
  const again = await writesOf(async () => {
    await stage.provider.kill();
    await stage.provider.start();
    await eventually(() => expect(stage.provider.log().match(/services go down/g)?.length).toBe(2));
  });
  expect(again.filter((line) => / (services|endpointslices) /.test(line))).toEqual([]);
});

function withoutTime(line: string): string {
  const [cluster, _time, ...write] = line.split(' ');
  return [cluster, ...write].join(' ');
}
