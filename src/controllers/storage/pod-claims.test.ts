import { describe, expect, test } from 'vitest';
import type { Pod, StorageClass } from '../../kube/types.ts';
import { lowerClaimNote } from '../../translate/storage/claim-note.ts';
import { lowerClaim, upperClaim } from '../../translate/storage/test-claims.ts';
import { volumeUp } from '../../translate/storage/volume-up.ts';
import { owner, raw, upperPod } from '../../translate/test-objects.ts';
import { claimsRefusal, unknownRefusal, wakePods } from './pod-claims.ts';
import { testStorage } from './test-storage.ts';

const volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }];
const copied = (pod: Pod): Pod => structuredClone(pod);
const pod = upperPod({ spec: { volumes } });
const note = { 'isthmus.io/lower-claim': lowerClaimNote(upperClaim(), lowerClaim()) };
const bound = (more: object = {}) =>
  structuredClone(
    upperClaim({ spec: { volumeName: 'pvc-upper-uid' }, metadata: { annotations: note, ...more } }),
  );
const volume = () => {
  const made = volumeUp(upperClaim(), raw<StorageClass>({ provisioner: 'isthmus.io/virtual' }), owner);
  return { ...made, metadata: { ...made.metadata, uid: 'v', resourceVersion: '1' } };
};

type World = ReturnType<typeof testStorage>;
/** Everything is there. */
function ready(): World {
  const made = testStorage();
  made.storage.claims.apply(bound());
  made.storage.volumes.apply(volume());
  made.storage.lowerClaims.apply(structuredClone(lowerClaim()));
  return made;
}

describe('a pod with a claim', () => {
  test('goes down when its claim is below', () => {
    const { storage } = ready();
    expect(claimsRefusal(storage, pod)).toBeUndefined();
    expect(storage.awaited.size).toBe(0);
  });

  test.each<[string, (made: World) => void, string, RegExp]>([
    ['that is not there', ({ storage }) => storage.claims.remove(bound()), 'VolumeNotReady', /not there yet/],
    [
      'that is being deleted',
      ({ storage }) => storage.claims.apply(bound({ resourceVersion: '8', deletionTimestamp: 'x' })),
      'VolumeNotReady',
      /being deleted/,
    ],
    [
      'that is not below',
      ({ storage }) => storage.lowerClaims.remove(structuredClone(lowerClaim())),
      'VolumeNotReady',
      /not in the lower cluster yet/,
    ],
    [
      'that was not noted yet',
      ({ storage }) => storage.claims.apply(bound({ resourceVersion: '8', annotations: {} })),
      'VolumeNotReady',
      /not in the lower cluster yet/,
    ],
    [
      'of which another of the name is below',
      ({ storage }) =>
        storage.lowerClaims.apply(
          structuredClone(lowerClaim({ metadata: { resourceVersion: '10', annotations: {} } })),
        ),
      'VolumeNotReady',
      /not in the lower cluster yet/,
    ],
    [
      'that has a problem',
      ({ storage }) =>
        storage.problems.set('shop/data', { uid: 'upper-uid', reason: 'NameCollision', message: 'm' }),
      'NameCollision',
      /m/,
    ],
    [
      'whose volume is elsewhere',
      ({ storage }) => storage.volumes.remove(volume()),
      'VolumeNotReady',
      /not known/,
    ],
  ])('%s waits', (_, change, reason, message) => {
    const made = ready();
    change(made);
    expect(claimsRefusal(made.storage, pod)).toMatchObject({
      reason,
      message: expect.stringMatching(message),
    });
  });

  test('that is bound to a volume of the upper cluster waits for good', () => {
    const { storage } = ready();
    storage.claims.apply({ ...bound({ resourceVersion: '8' }), spec: { volumeName: 'nfs' } });
    expect(claimsRefusal(storage, pod)).toMatchObject({ reason: 'VolumeNotSupported' });
  });

  test('is looked at again when its claim was', () => {
    const { storage, upperPods, state } = ready();
    storage.lowerClaims.remove(structuredClone(lowerClaim()));
    upperPods.apply(copied(pod));
    claimsRefusal(storage, pod);
    wakePods(storage, 'shop/data');
    wakePods(storage, 'shop/data');
    expect(state.woken).toEqual(['shop/web-0']);
  });
});

test('while claims are not known only pods without any go down', () => {
  const { storage, upperPods, state } = testStorage();
  upperPods.apply(copied(pod));
  expect(unknownRefusal(storage, pod)).toMatchObject({ reason: 'VolumeNotReady' });
  expect(unknownRefusal(storage, upperPod())).toBeUndefined();
  wakePods(storage, 'shop/data');
  expect(state.woken).toEqual(['shop/web-0']);
});

test('an ephemeral claim must have been made for this pod', () => {
  const { storage } = testStorage();
  const scratch = upperPod({ spec: { volumes: [{ name: 'tmp', ephemeral: { volumeClaimTemplate: {} } }] } });
  const claimFor = (uid: string, resourceVersion: string) =>
    structuredClone(
      upperClaim({
        metadata: { name: 'web-0-tmp', resourceVersion, ownerReferences: [{ controller: true, uid }] },
      }),
    );
  storage.claims.apply(claimFor('another', '7'));
  expect(claimsRefusal(storage, scratch)?.message).toContain('was not made for this pod');
  storage.claims.apply(claimFor('upper-uid', '8'));
  expect(claimsRefusal(storage, scratch)?.message).toContain('not in the lower cluster yet');
});
