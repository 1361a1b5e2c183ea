import { beforeEach, describe, expect, test } from 'vitest';
import { persistentVolumeClaims, persistentVolumes } from '../../kube/resources.ts';
import type { PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import { marks } from '../../translate/marks.ts';
import { lowerClaim, lowerVolume, upperClaim } from '../../translate/storage/test-claims.ts';
import { volumeUp } from '../../translate/storage/volume-up.ts';
import { owner, raw } from '../../translate/test-objects.ts';
import { claimBelow } from './claim-below.ts';
import { testStorage } from './test-storage.ts';

let world: ReturnType<typeof testStorage>;
const created = ['create persistentvolumeclaims/shop/data'];
const note = (lower: string, upper = 'upper-uid') => ({
  metadata: { annotations: { 'isthmus.io/lower-claim': `${upper}/${lower}` } },
});

beforeEach(() => {
  world = testStorage();
  world.storage.lowerClasses.apply(raw({ metadata: { name: 'fast', uid: 'c', resourceVersion: '1' } }));
});

function ask(upper: PersistentVolumeClaim, below?: PersistentVolumeClaim, isSeen = true) {
  world.upper.put(persistentVolumeClaims, upper);
  if (below) world.lower.put(persistentVolumeClaims, below);
  if (below && isSeen) world.storage.lowerClaims.apply(structuredClone(below));
  return claimBelow(world.storage, upper);
}

const notedAs = () => world.storage.claims.get('shop/data')?.metadata?.annotations;

describe('the claim below', () => {
  test('is made once, and noted above before anything uses it', async () => {
    expect(await ask(upperClaim())).toMatchObject({ lower: { spec: { storageClassName: 'fast' } } });
    expect(world.lower.writes).toEqual(created);
    expect(notedAs()).toEqual({ 'isthmus.io/lower-claim': 'upper-uid/new-uid' });
  });

  test('that is there is noted, and then nothing is written', async () => {
    expect(await ask(upperClaim(), lowerClaim())).toMatchObject({
      lower: { metadata: { uid: 'lower-uid' } },
    });
    expect(world.upper.writes).toEqual(['patch persistentvolumeclaims/shop/data']);
    await ask(upperClaim(note('lower-uid')), lowerClaim());
    expect([world.upper.writes.length, world.lower.writes]).toEqual([1, []]);
  });

  test('of an attempt whose answer never came is taken up', async () => {
    expect(await ask(upperClaim(), lowerClaim(), false)).toMatchObject({
      lower: { metadata: { uid: 'lower-uid' } },
    });
    expect(world.lower.writes).toEqual([]);
  });

  test('that is lost is not made again', async () => {
    expect(await ask(upperClaim(note('lower-uid')))).toMatchObject({ problem: { reason: 'LowerClaimLost' } });
    expect(world.lower.writes).toEqual([]);
  });

  test('is not lost because another cluster answers', async () => {
    world.state.isReachable = false;
    await expect(ask(upperClaim(note('lower-uid')))).rejects.toMatchObject({ code: 'Unreachable' });
  });

  test('is not lost because the watch lags', async () => {
    expect(await ask(upperClaim(note('lower-uid')), lowerClaim(), false)).toMatchObject({ lower: {} });
  });

  test('is made where the note was copied with a manifest', async () => {
    await ask(upperClaim(note('lower-uid', 'another-uid')));
    expect(world.lower.writes).toEqual(created);
  });

  test.each<[string, PersistentVolumeClaim, boolean, string]>([
    [
      'of the lower cluster',
      lowerClaim({ metadata: { labels: {}, annotations: {} } }),
      false,
      'NameCollision',
    ],
    [
      'of another virtual node',
      lowerClaim({ metadata: marks({ ...owner, virtualNode: 'vk-b' }, 'upper-uid') }),
      true,
      'NameCollision',
    ],
    ['of a former claim', lowerClaim({ metadata: marks(owner, 'former') }), true, 'PreviousClaimTerminating'],
    [
      'of a former claim, not seen',
      lowerClaim({ metadata: marks(owner, 'former') }),
      false,
      'PreviousClaimTerminating',
    ],
  ])('is not made over one %s', async (_, below, isSeen, reason) => {
    expect(await ask(upperClaim(), below, isSeen)).toMatchObject({ problem: { reason } });
    expect([world.lower.writes, world.upper.writes]).toEqual([[], []]);
  });

  test('waits for its class', async () => {
    expect(await ask(upperClaim({ spec: { storageClassName: 'slow' } }))).toMatchObject({
      problem: { reason: 'StorageClassMissing' },
    });
  });
});

describe('a volume that was kept', () => {
  const made = volumeUp(upperClaim(), raw<StorageClass>({ reclaimPolicy: 'Retain' }), owner);
  const kept = {
    ...made,
    metadata: {
      ...made.metadata,
      uid: 'volume-uid',
      annotations: { 'isthmus.io/lower-volume': 'lower-volume' },
    },
  };
  const former = { namespace: 'shop', name: 'former', uid: 'former-uid' };
  const volumeBelow = (phase: string, more: object = marks(owner, 'volume-uid')) => ({
    ...lowerVolume({ storageClassName: 'ssd', persistentVolumeReclaimPolicy: 'Retain', claimRef: former }),
    metadata: { name: 'lower-volume', uid: 'l', ...more },
    status: { phase },
  });
  const askFor = (below: ReturnType<typeof volumeBelow> | undefined) => {
    if (below) world.lower.put(persistentVolumes, below);
    world.upper.put(persistentVolumeClaims, upperClaim());
    return claimBelow(world.storage, upperClaim(), kept);
  };

  test('is given to the next claim with its data', async () => {
    expect(await askFor(volumeBelow('Released'))).toMatchObject({
      lower: { spec: { volumeName: 'lower-volume', storageClassName: 'ssd' } },
    });
    expect(world.lower.writes).toEqual(['patch persistentvolumes/lower-volume', ...created]);
    const { spec } = await world.lower.get(persistentVolumes, { name: 'lower-volume' });
    expect(spec?.claimRef).toMatchObject({ namespace: 'shop', name: 'data', uid: null });
  });

  test.each<[string, ReturnType<typeof volumeBelow> | undefined, string]>([
    ['it is gone', undefined, 'LowerVolumeLost'],
    ['it is still bound', volumeBelow('Bound'), 'PreviousClaimTerminating'],
    ['it is of somebody else', volumeBelow('Released', {}), 'LowerVolumeNotOurs'],
    ['it was kept for another', volumeBelow('Released', marks(owner, 'other')), 'LowerVolumeNotOurs'],
  ])('keeps the claim from being made empty: %s', async (_, below, reason) => {
    expect(await askFor(below)).toMatchObject({ problem: { reason } });
    expect(world.lower.writes).toEqual([]);
  });
});
