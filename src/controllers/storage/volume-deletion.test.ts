import { describe, expect, test } from 'vitest';
import { persistentVolumeClaims, persistentVolumes } from '../../kube/resources.ts';
import type { PersistentVolume, StorageClass } from '../../kube/types.ts';
import { lowerClaim, lowerVolume, upperClaim } from '../../translate/storage/test-claims.ts';
import { volumeUp } from '../../translate/storage/volume-up.ts';
import { owner, raw } from '../../translate/test-objects.ts';
import { testStorage } from './test-storage.ts';
import { reconcileVolume } from './volume-deletion.ts';

const storageClass = raw<StorageClass>({ provisioner: 'isthmus.io/virtual' });
const name = 'pvc-upper-uid';

/** The volume above of a claim that is gone; `parts` replace fields. */
function released(parts: { metadata?: object; spec?: object; status?: object } = {}): PersistentVolume {
  const made = volumeUp(upperClaim(), storageClass, owner);
  return {
    metadata: { ...made.metadata, uid: 'volume-uid', resourceVersion: '5', ...parts.metadata },
    spec: { ...made.spec, ...parts.spec },
    status: { phase: 'Released', ...parts.status },
  };
}

/** The cache shows a volume that is released, whatever the API servers say. */
function world(above: PersistentVolume | undefined = released()) {
  const made = testStorage();
  made.storage.volumes.apply(released());
  if (above) made.upper.put(persistentVolumes, above);
  made.lower.put(persistentVolumeClaims, lowerClaim());
  made.lower.put(persistentVolumes, lowerVolume());
  return made;
}

const all = ['delete persistentvolumeclaims/shop/data'];

describe('data below are deleted', () => {
  test('when the volume above is released, and its claim is gone', async () => {
    const { storage, lower, upper } = world();
    expect(await reconcileVolume(storage, name)).toEqual({ requeueAfter: expect.any(Number) });
    expect([lower.writes, upper.writes]).toEqual([all, []]);
    // Only then the volume above.
    expect(await reconcileVolume(storage, name)).toBeUndefined();
    expect(upper.writes).toEqual([`patch persistentvolumes/${name}`, `delete persistentvolumes/${name}`]);
  });

  test('also when the claim above was made anew', async () => {
    const { storage, lower, upper } = world();
    upper.put(persistentVolumeClaims, upperClaim({ metadata: { uid: 'another-uid' } }));
    await reconcileVolume(storage, name);
    expect(lower.writes).toEqual(all);
  });
});

describe('nothing is deleted below', () => {
  test.each<[string, (made: ReturnType<typeof world>) => unknown, PersistentVolume?]>([
    ['while the claim lives', ({ upper }) => upper.put(persistentVolumeClaims, upperClaim())],
    ['while the cluster is away', ({ state }) => Object.assign(state, { isReachable: false })],
    ['when the volume is bound again', () => {}, released({ status: { phase: 'Bound' } })],
    ['when the volume is another', () => {}, released({ metadata: { uid: 'new' } })],
    ['when the volume is not ours', () => {}, released({ metadata: { labels: {} } })],
    ['when the volume is of another driver', () => {}, released({ spec: { csi: { driver: 'x' } } })],
    [
      'when the volume is to have another claim',
      () => {},
      released({ spec: { claimRef: { namespace: 'shop', name: 'data' } } }),
    ],
    ['when the volume names no claim', () => {}, released({ spec: { claimRef: undefined } })],
    [
      'when the claim below was made for another',
      ({ lower }) =>
        lower.put(
          persistentVolumeClaims,
          lowerClaim({
            metadata: { annotations: { ...lowerClaim().metadata?.annotations, 'isthmus.io/upper-uid': 'x' } },
          }),
        ),
    ],
    [
      'when the claim below is not ours',
      ({ lower }) => lower.put(persistentVolumeClaims, lowerClaim({ metadata: { annotations: {} } })),
    ],
    [
      'of another virtual node',
      ({ lower }) =>
        lower.put(
          persistentVolumeClaims,
          lowerClaim({
            metadata: {
              annotations: { ...lowerClaim().metadata?.annotations, 'isthmus.io/virtual-node': 'vk-b' },
            },
          }),
        ),
    ],
  ])('%s', async (_, change, above) => {
    const made = world(above);
    change(made);
    await reconcileVolume(made.storage, name);
    expect(made.lower.writes).toEqual([]);
  });

  test('when the volume above is gone: its absence says nothing', async () => {
    const made = testStorage();
    made.storage.volumes.apply(released());
    made.lower.put(persistentVolumeClaims, lowerClaim());
    await reconcileVolume(made.storage, name);
    expect(made.lower.writes).toEqual([]);
  });

  test('twice: a claim that is going is waited for', async () => {
    const { storage, lower, upper } = world();
    lower.put(
      persistentVolumeClaims,
      lowerClaim({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    );
    expect(await reconcileVolume(storage, name)).toEqual({ requeueAfter: expect.any(Number) });
    expect([lower.writes, upper.writes]).toEqual([[], []]);
  });
});

describe('Retain', () => {
  const kept = released({ spec: { persistentVolumeReclaimPolicy: 'Retain' } });

  test('keeps the lower volume before its claim goes, and the volume above', async () => {
    const { storage, lower, upper } = world(kept);
    expect(await reconcileVolume(storage, name)).toEqual({ requeueAfter: 5_000 });
    expect(lower.writes).toEqual(['patch persistentvolumes/lower-volume']);
    const { spec } = await lower.get(persistentVolumes, { name: 'lower-volume' });
    expect(spec?.persistentVolumeReclaimPolicy).toBe('Retain');
    await reconcileVolume(storage, name);
    expect(lower.writes.slice(1)).toEqual(all);
    await reconcileVolume(storage, name);
    expect(upper.writes).toEqual([]);
  });

  test('lets the volume above go when somebody deletes it', async () => {
    const { storage, lower, upper } = world({
      ...kept,
      metadata: { ...kept.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
    lower.objects.clear();
    await reconcileVolume(storage, name);
    expect([lower.writes, upper.writes]).toEqual([[], [`patch persistentvolumes/${name}`]]);
  });
});
