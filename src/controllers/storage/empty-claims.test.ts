import { expect, test } from 'vitest';
import { persistentVolumeClaims, persistentVolumes } from '../../kube/resources.ts';
import type { PersistentVolumeClaim } from '../../kube/types.ts';
import { lowerClaim, upperClaim } from '../../translate/storage/test-claims.ts';
import { raw } from '../../translate/test-objects.ts';
import { removeEmptyClaim } from './empty-claims.ts';
import { testStorage } from './test-storage.ts';

const empty = lowerClaim({ spec: { volumeName: undefined }, status: { phase: 'Pending' } });

async function writesFor(
  change: (world: ReturnType<typeof testStorage>) => unknown = () => {},
  upper?: PersistentVolumeClaim,
  held = empty,
): Promise<string[]> {
  const world = testStorage();
  world.storage.lowerClaims.apply(structuredClone(held));
  world.lower.put(persistentVolumeClaims, held);
  change(world);
  await removeEmptyClaim(world.storage, 'shop/data', upper);
  return world.lower.writes;
}

const gone = ['delete persistentvolumeclaims/shop/data'];

test('a claim that never was bound goes with the one above, or when that is made anew', async () => {
  expect(await writesFor()).toEqual(gone);
  expect(await writesFor(undefined, upperClaim({ metadata: { uid: 'new' } }))).toEqual(gone);
});

test.each<[string, Parameters<typeof writesFor>]>([
  ['its own claim is there', [undefined, upperClaim()]],
  ['its own claim is there after all', [({ upper }) => upper.put(persistentVolumeClaims, upperClaim())]],
  ['it is bound', [undefined, undefined, lowerClaim()]],
  ['it is bound after all', [({ lower }) => lower.put(persistentVolumeClaims, lowerClaim())]],
  ['it is lost', [undefined, undefined, lowerClaim({ status: { phase: 'Lost' } })]],
  [
    'it is not ours',
    [undefined, undefined, raw({ ...empty, metadata: { ...empty.metadata, annotations: {} } })],
  ],
  ['the cluster is away', [({ state }) => Object.assign(state, { isReachable: false })]],
  [
    'a volume above is there, which decides',
    [({ upper }) => upper.put(persistentVolumes, raw({ metadata: { name: 'pvc-upper-uid' } }))],
  ],
])('it stays when %s', async (_, world) => {
  expect(await writesFor(...world)).toEqual([]);
});
