import { LRUCache } from 'lru-cache';
import type { ControllerContext } from '../../clusters/controller.ts';
import { Cache } from '../../kube/cache.ts';
import { KubeError } from '../../kube/errors.ts';
import { keyOf, type Resource } from '../../kube/resources.ts';
import type { KubeObject, PersistentVolumeClaim, Pod, StorageClass } from '../../kube/types.ts';
import { claimKeysOf } from '../../translate/storage/claim-uses.ts';
import { owner } from '../../translate/test-objects.ts';
import { createStorageCaches } from './storage-caches.ts';
import type { StorageSync } from './storage-sync.ts';

/** What one cluster holds, by plural and key, for the few calls that reconciles make; and what was asked of it. */
class TestCluster {
  readonly objects = new Map<string, KubeObject>();
  /** Every write, as `verb plural/key`. */
  readonly writes: string[] = [];

  put<T extends KubeObject>(resource: Resource<T>, object: T): void {
    this.objects.set(`${resource.plural}/${keyOf(object)}`, object);
  }

  async get<T extends KubeObject>(
    resource: Resource<T>,
    where: { namespace?: string; name: string },
  ): Promise<T> {
    const key = `${resource.plural}/${keyOf({ metadata: where })}`;
    const found = this.objects.get(key);
    if (!found) throw new KubeError('NotFound', `${key} not found`);
    return structuredClone(found) as T;
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    const key = keyOf(object);
    if (this.objects.has(`${resource.plural}/${key}`)) throw new KubeError('AlreadyExists', key);
    this.writes.push(`create ${resource.plural}/${key}`);
    const metadata = { uid: 'new-uid', resourceVersion: '100', ...object.metadata };
    this.put(resource, { ...object, metadata });
    return this.get(resource, { namespace: metadata.namespace ?? '', name: metadata.name ?? '' });
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    where: { namespace?: string; name: string },
    patch: { metadata?: object; spec?: object },
  ): Promise<T> {
    const found = await this.get(resource, where);
    this.writes.push(`patch ${resource.plural}/${keyOf(found)}`);
    const changed = {
      ...found,
      metadata: { ...found.metadata, ...patch.metadata },
      spec: { ...(found as { spec?: object }).spec, ...patch.spec },
    } as T;
    this.put(resource, changed);
    return changed;
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    where: { namespace?: string; name: string },
    { uid }: { uid: string },
  ): Promise<T> {
    const found = await this.get(resource, where);
    if (found.metadata?.uid !== uid) throw new KubeError('Conflict', 'the uid is another');
    this.writes.push(`delete ${resource.plural}/${keyOf(found)}`);
    this.objects.delete(`${resource.plural}/${keyOf(found)}`);
    return found;
  }
}

/** What the reconciles of claims and volumes work with, with nothing in it. */
export function testStorage() {
  const [upper, lower] = [new TestCluster(), new TestCluster()];
  const state = { isReachable: true, woken: [] as string[] };
  const upperPods = new Cache<Pod, 'claim'>({ claim: claimKeysOf });
  const context = {
    upper,
    lower,
    owner,
    upperPods,
    reachability: () =>
      state.isReachable
        ? { reachable: true }
        : { reachable: false, reason: 'LowerClusterUnreachable', message: 'no answer' },
    isReachable: () => state.isReachable,
    confirmReachable: async () => state.isReachable,
    namespaces: { ensure: async () => {}, forget: () => {} },
    addPod: (key: string) => state.woken.push(key),
  } as unknown as ControllerContext;
  const storage: StorageSync = {
    ...createStorageCaches(),
    context,
    events: { record: () => false } as unknown as StorageSync['events'],
    claims: new Cache<PersistentVolumeClaim, 'node'>({ node: () => [] }),
    classes: new Cache<StorageClass>({}),
    classMap: {},
    provisioners: new Set(),
    problems: new Map(),
    awaited: new Set(),
    lowerVolumes: new LRUCache({ max: 10 }),
    refusedEdits: new LRUCache({ max: 10 }),
    now: () => new Date('2026-01-02T03:04:05Z'),
  };
  return { storage, upper, lower, upperPods, state };
}
