import { expect, test } from 'vitest';
import type { Event } from '../../kube/types.ts';
import { lowerClaim, upperClaim } from '../../translate/storage/test-claims.ts';
import { raw } from '../../translate/test-objects.ts';
import { claimEventsInto } from './claim-events.ts';
import { testStorage } from './test-storage.ts';

function toldAbove(event: object, upper = upperClaim(), lower = lowerClaim()): unknown[] {
  const { storage } = testStorage();
  const told: unknown[] = [];
  const record = (
    _: unknown,
    claim: { metadata?: { uid?: string } },
    { reason, message }: Record<string, string>,
  ) => {
    told.push([claim.metadata?.uid, reason, message]);
    return false;
  };
  Object.assign(storage, { events: { record } });
  storage.claims.apply(structuredClone(upper));
  storage.lowerClaims.apply(structuredClone(lower));
  claimEventsInto(storage).apply(
    raw<Event>({
      metadata: { namespace: 'shop', name: 'e' },
      involvedObject: { kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data', uid: 'lower-uid' },
      type: 'Warning',
      reason: 'ProvisioningFailed',
      message: 'no disks left',
      lastTimestamp: '2026-01-02T03:04:00Z',
      ...event,
    }),
  );
  return told;
}

test('a warning about a claim below is told above', () => {
  expect(toldAbove({})).toEqual([['upper-uid', 'ProvisioningFailed', 'no disks left']]);
});

test.each<[string, Parameters<typeof toldAbove>]>([
  ['no warning', [{ type: 'Normal' }]],
  ['old', [{ lastTimestamp: '2026-01-02T03:00:00Z' }]],
  ['about a former claim below', [{ involvedObject: { namespace: 'shop', name: 'data', uid: 'former' } }]],
  ['about one for a former claim above', [{}, upperClaim({ metadata: { uid: 'new' } })]],
  ['about one that is not ours', [{}, undefined, lowerClaim({ metadata: { annotations: {} } })]],
])('one that is %s is not', (_, given) => {
  expect(toldAbove(...given)).toEqual([]);
});
