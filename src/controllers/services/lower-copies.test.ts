import { beforeEach, describe, expect, test } from 'vitest';
import { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import { keyOf, services } from '../../kube/resources.ts';
import type { Service } from '../../kube/types.ts';
import { marks, type Owner } from '../../translate/marks.ts';
import { serviceDown, serviceToWrite } from '../../translate/services/service-down.ts';
import { type CopyRefusal, inPlaceOf, LowerCopies, type LowerCopiesOptions } from './lower-copies.ts';

const owner: Owner = { upperCluster: 'up', virtualNode: 'vk-a' };
const neighbour: Owner = { upperCluster: 'up', virtualNode: 'vk-b' };
const key = 'shop/web';

/** A cluster of Services by name; each write is noted. */
class Below {
  readonly objects = new Map<string, Service>();
  readonly calls: string[] = [];
  readonly cache = new Cache<Service>({});
  /** What the API server makes of an object. */
  admit: (object: Service) => Service = (object) => object;
  #version = 0;

  put(object: Service, uid = `uid-${this.#version}`): Service {
    this.#version += 1;
    const metadata = { ...object.metadata, uid, resourceVersion: String(this.#version) };
    const stored = { ...this.admit(structuredClone(object)), metadata };
    this.objects.set(keyOf(stored), stored);
    return structuredClone(stored);
  }

  /** What the watch has brought. */
  see(): void {
    this.cache.replace([...this.objects.values()].map((object) => structuredClone(object)));
  }

  async create(_: unknown, object: Service): Promise<Service> {
    this.calls.push('create');
    if (this.objects.has(keyOf(object))) throw new KubeError('AlreadyExists', 'it is there');
    return this.put(object);
  }

  async replace(_: unknown, object: Service): Promise<Service> {
    this.calls.push('replace');
    const now = this.objects.get(keyOf(object));
    if (!now) throw new KubeError('NotFound', 'it is gone');
    if (now.metadata?.resourceVersion !== object.metadata?.resourceVersion)
      throw new KubeError('Conflict', 'it has changed');
    return this.put(object, now.metadata?.uid);
  }

  async get(_: unknown, { namespace, name }: { namespace: string; name: string }): Promise<Service> {
    const found = this.objects.get(`${namespace}/${name}`);
    if (!found) throw new KubeError('NotFound', 'it is gone');
    return structuredClone(found);
  }

  async delete(
    _: unknown,
    where: { namespace: string; name: string },
    { uid }: { uid: string },
  ): Promise<void> {
    this.calls.push('delete');
    const at = `${where.namespace}/${where.name}`;
    if (this.objects.get(at)?.metadata?.uid !== uid) throw new KubeError('Conflict', 'it is another');
    this.objects.delete(at);
  }
}

let below: Below;
let copies: LowerCopies<Service>;
let options: LowerCopiesOptions<Service>;
let refused: CopyRefusal[];
let now: number;
const service = (port: number, of: Owner | null = owner): Service => ({
  metadata: { namespace: 'shop', name: 'web', ...(of && marks(of, 'upper-uid')) },
  spec: { ports: [{ port }] },
});
const portBelow = () => below.objects.get(key)?.spec?.ports?.[0]?.port;

beforeEach(() => {
  below = new Below();
  refused = [];
  now = 0;
  options = {
    lower: below as unknown as Client,
    owner,
    resource: services,
    copies: below.cache,
    seesOthers: false,
    toWrite(desired, copy) {
      if (JSON.stringify(desired.spec) === JSON.stringify(copy.spec)) return undefined;
      return desired.spec?.type === copy.spec?.type ? inPlaceOf(desired, copy) : 'recreate';
    },
    lesser: ({ spec, ...rest }) =>
      spec?.ipFamilies ? { ...rest, spec: { ports: spec.ports ?? [] } } : undefined,
    onRefused: (_, refusal) => refused.push(refusal),
    now: () => now,
  };
  copies = new LowerCopies(options);
});

test('makes, changes and takes away with one write each, and writes nothing that changes nothing', async () => {
  await copies.bring(key, service(1));
  await copies.bring(key, service(1));
  await copies.bring(key, service(2));
  expect(portBelow()).toBe(2);
  await copies.bring(key, undefined);
  await copies.bring(key, undefined);
  expect(below.calls).toEqual(['create', 'replace', 'delete']);
});

test('makes anew what cannot be changed', async () => {
  await copies.bring(key, service(1));
  await copies.bring(key, { ...service(1), spec: { type: 'ExternalName' } });
  expect(below.calls).toEqual(['create', 'delete', 'create']);
  expect(below.objects.get(key)?.spec).toEqual({ type: 'ExternalName' });
});

describe('what is not ours', () => {
  test.each([
    ['seen', true],
    ['not seen yet', false],
  ])('is left alone, %s, and said', async (_, isSeen) => {
    below.put(service(9, null));
    if (isSeen) below.see();
    const again = await copies.bring(key, service(1));
    expect(again).toEqual({ requeueAfter: expect.any(Number) });
    await copies.bring(key, undefined);
    expect(portBelow()).toBe(9);
    expect(refused).toMatchObject([{ reason: 'NameCollision' }]);
    expect(copies.held(key)).toBeUndefined();
  });

  test('but has another virtual node’s mark, is left to that node, for a while', async () => {
    below.put(service(9, neighbour));
    below.see();
    expect(await copies.bring(key, service(1))).toEqual({ requeueAfter: 20_000 });
    now = 19_000;
    expect(await copies.bring(key, service(1))).toEqual({ requeueAfter: 1_000 });
    expect(portBelow()).toBe(9);
    now = 20_000;
    await copies.bring(key, service(1));
    expect(portBelow()).toBe(1);
  });

  test('but was made by another virtual node just as we would, stays as it is', async () => {
    const upper: Service = {
      metadata: { namespace: 'shop', name: 'web', uid: 'u' },
      spec: { ports: [{ port: 1 }] },
    };
    copies = new LowerCopies({ ...options, toWrite: serviceToWrite });
    below.put(serviceDown(upper, neighbour, 'flat'));
    below.see();
    for (now of [0, 30_000])
      expect(await copies.bring(key, serviceDown(upper, owner, 'flat'))).toBeUndefined();
    expect(below.calls).toEqual([]);
  });

  test('but is kept otherwise by another virtual node that is at work, is taken from it once', async () => {
    below.put(service(9, neighbour));
    below.see();
    const undo = () => {
      const object = below.objects.get(key);
      below.put({ ...service(9, neighbour) }, object?.metadata?.uid);
      below.see();
    };
    for (now = 0; now < 600_000; now += 10_000) {
      await copies.bring(key, service(now < 300_000 ? 1 : 2));
      if (now % 20_000 === 0) undo();
    }
    expect(below.calls).toEqual(['replace']);
    expect(refused[0]).toMatchObject({
      reason: 'SettingsDiffer',
      message: expect.stringContaining('virtual node vk-b'),
    });
    below.put(service(2, neighbour), 'another');
    below.see();
    expect(await copies.bring(key, service(2))).toBeUndefined();
  });

  test('but another virtual node may want, is not taken away', async () => {
    below.put(service(9, neighbour));
    below.see();
    for (now of [0, 30_000])
      expect(await copies.bring(key, undefined, (node) => node === 'vk-b')).toEqual({ requeueAfter: 30_000 });
    expect(below.calls).toEqual([]);
    for (now of [60_000, 90_000]) await copies.bring(key, undefined, () => false);
    expect(below.calls).toEqual(['delete']);
  });

  test('is taken away seldom where somebody makes it again', async () => {
    for (let round = 0; round < 20; round++) {
      below.put(service(9));
      below.see();
      await copies.bring(key, undefined);
    }
    expect(below.calls.length).toBe(5);
    now = 10_000;
    await copies.bring(key, undefined);
    expect(below.calls.length).toBe(6);
  });

  test('is found to be ours when the answer of our own write was lost', async () => {
    below.put(service(1));
    await copies.bring(key, service(1));
    await copies.bring(key, service(1));
    expect(below.calls).toEqual(['create']);
    expect(refused).toEqual([]);
  });
});

describe('somebody who edits below', () => {
  const edit = async () => {
    const object = await below.get(undefined, { namespace: 'shop', name: 'web' });
    below.put({ ...object, spec: { ports: [{ port: 666 }] } }, object.metadata?.uid);
    below.see();
    return copies.bring(key, service(1));
  };

  test('is answered a few times, and then seldom', async () => {
    await copies.bring(key, service(1));
    const answers = [];
    for (let round = 0; round < 8; round++) answers.push(await edit());
    expect(below.calls.filter((call) => call === 'replace').length).toBeLessThanOrEqual(6);
    expect(answers.at(-1)).toEqual({ requeueAfter: 10_000 });
  });

  test('does not hold up a change above', async () => {
    await copies.bring(key, service(1));
    for (let round = 0; round < 8; round++) await edit();
    await copies.bring(key, service(2));
    expect(portBelow()).toBe(2);
  });
});

test('is content with what a lower cluster makes of it that does not know a field', async () => {
  below.admit = ({ spec, ...object }) => ({ ...object, spec: { ports: spec?.ports ?? [] } });
  const desired = { ...service(1), spec: { ports: [{ port: 1 }], trafficDistribution: 'PreferClose' } };
  await copies.bring(key, desired);
  below.see();
  await copies.bring(key, desired);
  expect(below.calls).toEqual(['create']);
});

test('what the lower cluster refuses is said and tried again, or asked for with less', async () => {
  below.admit = (object) => {
    if (object.spec?.ipFamilies) throw new KubeError('Invalid', 'spec.ipFamilies: not configured');
    if (object.spec?.ports?.[0]?.port === 0) throw new KubeError('Invalid', 'spec.ports: 0');
    return object;
  };
  await copies.bring(key, { ...service(1), spec: { ports: [{ port: 1 }], ipFamilies: ['IPv6'] } });
  expect(portBelow()).toBe(1);
  expect(await copies.bring(key, service(0))).toEqual({ requeueAfter: 30_000 });
  expect(refused).toEqual([{ reason: 'LowerClusterRefused', message: 'spec.ports: 0' }]);
});

test('looks again soon at what changed while it was written', async () => {
  await copies.bring(key, service(1));
  const object = await below.get(undefined, { namespace: 'shop', name: 'web' });
  below.put({ ...object, spec: { ports: [{ port: 3 }] } }, object.metadata?.uid);
  expect(await copies.bring(key, service(2))).toEqual({ requeueAfter: 500 });
  below.see();
  await copies.bring(key, service(2));
  expect(portBelow()).toBe(2);
});
