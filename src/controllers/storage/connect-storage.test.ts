import { beforeEach, expect, test } from 'vitest';
import { Cache } from '../../kube/cache.ts';
import type { PersistentVolumeClaim, Pod, StorageClass } from '../../kube/types.ts';
import { selectedNodeAnnotation } from '../../translate/storage/storage-names.ts';
import { upperClaim } from '../../translate/storage/test-claims.ts';
import { owner, raw } from '../../translate/test-objects.ts';
import { connectStorage } from './connect-storage.ts';
import { testStorage } from './test-storage.ts';

let world: ReturnType<typeof testStorage>;
let claims: Cache<PersistentVolumeClaim, 'node'>;
let added: string[] = [];
let letGo: () => void;

beforeEach(() => {
  world = testStorage();
  claims = new Cache({ node: ({ metadata }) => [metadata?.annotations?.[selectedNodeAnnotation] ?? ''] });
  const storage = { ...world.storage, claims };
  const queue = { add: (key: string) => added.push(key) };
  letGo = connectStorage(storage, { claims: queue, volumes: queue });
});

const claim = (name: string, node: string | undefined, spec: object = {}) =>
  claims.apply(
    upperClaim({
      metadata: { name, uid: name, ...(node && { annotations: { [selectedNodeAnnotation]: node } }) },
      spec,
    }),
  );
const addClass = (name: string) =>
  world.storage.classes.apply(raw<StorageClass>({ metadata: { name, uid: name, resourceVersion: '8' } }));

test('a claim that was seen before its class is looked at again when that comes', () => {
  claim('selected', owner.virtualNode);
  claim('elsewhere', 'vk-z');
  claim('bound', owner.virtualNode, { volumeName: 'v' });
  claim('of-another-class', owner.virtualNode, { storageClassName: 'slow' });
  claim('used', undefined);
  claim('unused', undefined);
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'used' } }];
  world.upperPods.apply(
    raw<Pod>({
      metadata: { namespace: 'shop', name: 'p', uid: 'p', resourceVersion: '1' },
      spec: { volumes },
    }),
  );
  added = [];
  addClass('fast');
  expect(added.sort()).toEqual(['shop/selected', 'shop/used']);
  letGo();
  added = [];
  addClass('slow');
  expect(added).toEqual([]);
});
