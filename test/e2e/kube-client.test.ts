import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesOf } from '../../hack/clusters/pki.ts';
import { Client } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import { describeError, hasCode, KubeError } from '../../src/kube/errors.ts';
import { EventRecorder } from '../../src/kube/event-recorder.ts';
import { lines } from '../../src/kube/lines.ts';
import {
  configMaps,
  events,
  leases,
  namespaces,
  nodes,
  pods,
  type Resource,
  secrets,
} from '../../src/kube/resources.ts';
import { Transport } from '../../src/kube/transport.ts';
import type { KubeObject, Pod } from '../../src/kube/types.ts';
import { layCable } from '../cable.ts';
import { eventually, openClusters } from '../clusters.ts';

const { upper, directory } = openClusters();
const connection = loadConnection('upper', upper.kubeconfig);
const transport = new Transport(connection);
const client = new Client(transport);
const namespace = 'kube-client-test';

beforeAll(async () => {
  await client.create(namespaces, { metadata: { name: namespace } });
});
afterAll(async () => {
  const { metadata } = await client.get(namespaces, { name: namespace });
  await client.delete(namespaces, { name: namespace }, { uid: metadata?.uid ?? '' });
  await transport.close();
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  return error instanceof KubeError ? error.code : String(error);
}

describe('uids', () => {
  const stranger = '00000000-0000-0000-0000-000000000000';

  test('are preconditions of deletions and of both patches, on subresources too', async () => {
    const where = { namespace, name: 'guarded' };
    const { metadata } = await client.create(configMaps, { metadata: where, data: { a: '1' } });
    const uid = metadata?.uid ?? '';
    expect(await codeOf(client.delete(configMaps, where, { uid: stranger }))).toBe('Conflict');
    for (const type of ['merge', 'strategic-merge'] as const) {
      const patch = { metadata: { uid: stranger }, data: { a: '2' } };
      expect(await codeOf(client.patch(configMaps, where, patch, { type }))).toBe('Conflict');
    }
    expect((await client.get(configMaps, where)).data).toEqual({ a: '1' });

    const patched = await client.patch(configMaps, where, { metadata: { uid }, data: { b: '2' } });
    expect(patched.data).toEqual({ a: '1', b: '2' });
    await client.delete(configMaps, where, { uid });
    expect(await codeOf(client.get(configMaps, where))).toBe('NotFound');
  });

  test('guard the status of a pod against another of its name', async () => {
    const where = { namespace, name: 'status' };
    const pod: Pod = {
      metadata: where,
      spec: { nodeName: 'nowhere', containers: [{ name: 'main', image: 'x' }] },
    };
    const { metadata } = await client.create(pods, pod);
    const status = { phase: 'Running', podIP: '10.9.8.7' };
    const patch = (uid: string) =>
      client.patch(
        pods,
        { ...where, subresource: 'status' },
        { metadata: { uid }, status, spec: { nodeName: 'other' } },
      );
    expect(await codeOf(patch(stranger))).toBe('Conflict');
    const patched = await patch(metadata?.uid ?? '');
    expect(patched.status).toMatchObject(status);
    expect(patched.spec?.nodeName).toBe('nowhere');
    await client.delete(pods, where, { uid: metadata?.uid ?? '', gracePeriodSeconds: 0 });
    expect(await codeOf(client.get(pods, where))).toBe('NotFound');
  });
});

test('uids guard what is renewed all the time: nodes and leases', async () => {
  const name = 'kube-client-test';
  const node = await client.create(nodes, { metadata: { name } });
  const status = { metadata: { uid: '00000000-0000-0000-0000-000000000000' }, status: { phase: 'Running' } };
  const type = 'strategic-merge';
  expect(await codeOf(client.patch(nodes, { name, subresource: 'status' }, status, { type }))).toBe(
    'Conflict',
  );
  await client.delete(nodes, { name }, { uid: node.metadata?.uid ?? '' });

  const lease = await client.create(leases, { metadata: { namespace, name } });
  const renewal = { metadata: status.metadata, spec: { holderIdentity: 'other' } };
  expect(await codeOf(client.patch(leases, { namespace, name }, renewal, { urgent: true }))).toBe('Conflict');
  await client.delete(leases, { namespace, name }, { uid: lease.metadata?.uid ?? '' });
});

describe('refusals', () => {
  test('have their kinds', async () => {
    const where = { namespace, name: 'twice' };
    const created = await client.create(configMaps, { metadata: where });
    expect(await codeOf(client.create(configMaps, { metadata: where }))).toBe('AlreadyExists');
    await client.patch(configMaps, where, { data: { a: '1' } });
    expect(await codeOf(client.replace(configMaps, created))).toBe('Conflict');
    expect(await codeOf(client.create(configMaps, { metadata: { namespace, name: 'Not A Name' } }))).toBe(
      'Invalid',
    );
    expect(await codeOf(client.get(configMaps, { namespace, name: 'missing' }))).toBe('NotFound');
    expect(await codeOf(client.delete(configMaps, { namespace, name: '' }, { uid: '' }))).toBe('BadRequest');
  });

  test('say who may not do what', async () => {
    const scheduler = new Transport(
      loadConnection('upper', filesOf(directory, 'upper').kubeconfigOf('scheduler')),
    );
    const error: unknown = await new Client(scheduler).list(secrets).catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'Forbidden')).toBe(true);
    expect(describeError(error)).toMatch(
      /^secrets is forbidden: User "system:kube-scheduler" cannot list resource "secrets"/,
    );
    await scheduler.close();
  });
});

describe('fields that no model of the client library knows', () => {
  interface Thing extends KubeObject {
    spec?: Record<string, unknown>;
  }
  const definitions: Resource<Thing> = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
  };
  const things: Resource<Thing> = {
    apiVersion: 'test.isthmus/v1',
    kind: 'Thing',
    plural: 'things',
    namespaced: true,
  };
  const definition = {
    metadata: { name: 'things.test.isthmus' },
    spec: {
      group: 'test.isthmus',
      scope: 'Namespaced',
      names: { kind: 'Thing', plural: 'things' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };

  test('survive create, get, patch, replace and list', async () => {
    const { metadata } = await client.create(definitions, definition);
    const spec = { new: { deep: [1, null, 'ü', { x: 0.1 }] }, port: '8080', empty: {}, none: [] };
    const where = { namespace, name: 'thing' };
    await eventually(() => client.create(things, { metadata: where, spec }));
    expect((await client.get(things, where)).spec).toEqual(spec);
    const patched = await client.patch(things, where, { metadata: { labels: { a: 'b' } } });
    expect(patched.spec).toEqual(spec);
    expect((await client.replace(things, patched)).spec).toEqual(spec);
    expect((await client.list(things, { namespace })).items.map((item) => item.spec)).toEqual([spec]);
    await client.delete(definitions, { name: 'things.test.isthmus' }, { uid: metadata?.uid ?? '' });
  });
});

test('metadata alone is listed and watched without the data of secrets', async () => {
  const { metadata } = await client.list(secrets, { namespace });
  await client.create(secrets, {
    metadata: { namespace, name: 's', labels: { a: 'b' } },
    stringData: { key: 'hidden' },
  });
  const listed = await client.list(secrets, { namespace, metadataOnly: true });
  expect(listed.items[0]?.metadata).toMatchObject({ name: 's', labels: { a: 'b' } });
  expect(listed.items[0]).not.toHaveProperty('data');

  const stopped = new AbortController();
  const stream = await client.watch(secrets, {
    namespace,
    metadataOnly: true,
    resourceVersion: metadata?.resourceVersion ?? '',
    timeoutSeconds: 60,
    signal: stopped.signal,
  });
  for await (const line of lines(stream)) {
    const event = JSON.parse(line) as { type: string; object: KubeObject };
    expect(event).toMatchObject({
      type: 'ADDED',
      object: { kind: 'PartialObjectMetadata', metadata: { name: 's' } },
    });
    expect(event.object).not.toHaveProperty('data');
    break;
  }
  stopped.abort();
});

test('a list comes in pages', async () => {
  const names = ['p0', 'p1', 'p2'];
  for (const name of names)
    await client.create(configMaps, { metadata: { namespace, name, labels: { paged: '' } } });
  const first = await client.list(configMaps, { namespace, labelSelector: 'paged', limit: 2 });
  expect(first.items.map(({ metadata }) => metadata?.name)).toEqual(['p0', 'p1']);
  const more = { limit: 2, continue: first.metadata?.continue };
  const second = await client.list(configMaps, { namespace, labelSelector: 'paged', ...more });
  expect(second.items.map(({ metadata }) => metadata?.name)).toEqual(['p2']);
  expect(second.metadata?.continue || undefined).toBeUndefined();
});

test('events are taken by the API server, of objects with and without a namespace', async () => {
  const errors: unknown[] = [];
  const uids = [randomUUID(), randomUUID()] as const;
  const recorder = new EventRecorder(client, {
    component: 'isthmus',
    host: 'vk-a',
    onError: (e) => errors.push(e),
  });
  const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(50)}`;
  const event = { type: 'Warning', reason: 'Tested', message: 'x'.repeat(5_000) } as const;
  recorder.record(configMaps, { metadata: { namespace, name: long, uid: uids[0] } }, event);
  recorder.record(nodes, { metadata: { name: 'kube-client-test', uid: uids[1] } }, event);
  const recorded = async (uid: string) =>
    (await client.list(events, { fieldSelector: `involvedObject.uid=${uid}` })).items.length;
  await eventually(async () => {
    expect(errors).toEqual([]);
    expect([await recorded(uids[0]), await recorded(uids[1])]).toEqual([1, 1]);
  });
});

test('a cluster is known by a uid that stays', async () => {
  const uid = await client.clusterUid();
  expect(uid).toMatch(/^[0-9a-f-]{36}$/);
  expect(await client.clusterUid()).toBe(uid);
});

describe('a connection', () => {
  test('takes up new credentials when the server refuses the old ones', async () => {
    const refused = {
      ...connection,
      credentials: async (renew = false) => {
        const { tls, headers } = await connection.credentials();
        const ca = tls.ca ? { ca: tls.ca } : {};
        return renew ? { tls, headers } : { tls: ca, headers: { Authorization: 'Bearer wrong' } };
      },
    };
    const renewing = new Transport(refused);
    const reviews: Resource<KubeObject & { status?: { userInfo?: { username?: string } } }> = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      plural: 'selfsubjectreviews',
      namespaced: false,
    };
    const whoAmI = async () => (await new Client(renewing).create(reviews, {})).status?.userInfo?.username;
    expect(await codeOf(whoAmI())).toBe('Unauthorized');
    expect(await whoAmI()).toBe('admin');
    await renewing.close();
  });

  test('says why a server is not trusted, and never goes on without', async () => {
    const { ca: _, ...tls } = (await connection.credentials()).tls;
    const distrusting = new Transport({ ...connection, credentials: async () => ({ tls, headers: {} }) });
    const error: unknown = await new Client(distrusting).clusterUid().catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'Unreachable')).toBe(true);
    expect(describeError(error)).toMatch(
      /^the upper API server https:\/\/\S+ cannot be reached: .*certificate/,
    );
    await distrusting.close();
  });

  test('that is half open fails after the timeout, and works again once mended', async () => {
    const cable = await layCable(connection);
    const through = new Transport(cable.connection);
    const uid = { method: 'GET', path: '/api/v1/namespaces/kube-system' } as const;
    await through.request(uid);
    cable.hold();
    const error: unknown = await through.request({ ...uid, timeout: 500 }).catch((thrown: unknown) => thrown);
    expect(describeError(error)).toMatch(/cannot be reached: there was no answer within 0.5 s$/);
    cable.mend();
    await through.request(uid);
    cable.cut();
    await eventually(() => through.request(uid), { within: 5_000 });
    await through.close();
    await cable.close();
  });
});
