import { beforeEach, expect, test } from 'vitest';
import type { Client } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Resource } from '../../kube/resources.ts';
import type { EndpointSlice, KubeObject, Service } from '../../kube/types.ts';
import { marks } from '../../translate/marks.ts';
import { owner } from '../../translate/test-objects.ts';
import { upperApiService } from './upper-api-service.ts';

const api = { host: '10.1.2.3', port: '6443' };

/** A cluster that keeps one Service and one slice. */
class Below {
  service: Service | undefined;
  slice: EndpointSlice | undefined;
  readonly writes: string[] = [];
  readonly #version = '1';

  async list() {
    return { items: this.service ? [this.service] : [] };
  }

  async get() {
    return this.slice;
  }

  async create({ kind }: Resource<KubeObject>, object: KubeObject) {
    const isService = kind === 'Service';
    if (isService ? this.service : this.slice) throw new KubeError('AlreadyExists', 'it is there');
    this.writes.push(`create ${kind}`);
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: this.#version } };
    if (isService) this.service = { ...stored, spec: { ...(object as Service).spec, clusterIP: '10.9.0.9' } };
    else this.slice = stored as EndpointSlice;
    return isService ? this.service : this.slice;
  }

  async replace({ kind }: Resource<KubeObject>, object: EndpointSlice) {
    this.writes.push(`replace ${kind}`);
    this.slice = object;
  }
}

let below: Below;
const ensure = (more: object = {}) => upperApiService(below as unknown as Client, owner, { ...api, ...more });
beforeEach(() => {
  below = new Below();
});

test('is made once, and leads to where containers reach the upper API server', async () => {
  expect([await ensure(), await ensure()]).toEqual(['10.9.0.9', '10.9.0.9']);
  expect(below.writes).toEqual(['create Service', 'create EndpointSlice']);
  expect(below.service?.spec?.ports).toEqual([
    { name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 },
  ]);
  expect(below.service?.spec?.selector).toBeUndefined();
  expect(below.slice?.endpoints?.[0]?.addresses).toEqual(['10.1.2.3']);
  expect(below.slice?.metadata?.labels).toMatchObject({
    'kubernetes.io/service-name': below.service?.metadata?.name,
  });
});

test('follows another address', async () => {
  await ensure();
  await ensure({ host: '10.1.2.4' });
  expect(below.writes).toEqual(['create Service', 'create EndpointSlice', 'replace EndpointSlice']);
  expect(below.slice?.endpoints?.[0]?.addresses).toEqual(['10.1.2.4']);
  expect(below.slice?.metadata?.resourceVersion).toBe('1');
});

test('is not needed where the API server has the usual port', async () => {
  expect(await ensure({ port: '443' })).toBe('10.1.2.3');
  expect(below.writes).toEqual([]);
});

test('cannot lead to a name', async () => {
  await expect(ensure({ host: 'api.example.com' })).rejects.toThrow(/"api.example.com" is no IP address/);
});

test('of another upper cluster, or of nobody, is left alone', async () => {
  below.service = { metadata: { namespace: 'isthmus-system', name: 'x' } };
  await expect(ensure()).rejects.toThrow(/belongs to the lower cluster itself/);
  below.service.metadata = { ...below.service.metadata, ...marks({ ...owner, upperCluster: 'other' }, 'u') };
  await expect(ensure()).rejects.toThrow(/belongs to the lower cluster itself/);
  expect(below.writes).toEqual([]);
});
