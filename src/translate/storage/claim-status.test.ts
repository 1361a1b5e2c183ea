import { describe, expect, test } from 'vitest';
import { claimStatusPatch } from './claim-status.ts';
import { lowerClaim, upperClaim } from './test-claims.ts';

const now = '2026-01-02T03:04:05Z';
const before = '2026-01-01T00:00:00Z';
const problem = { reason: 'LowerClaimLost', message: 'it is gone' };
const own = (status: string, more: object = problem, lastTransitionTime = now) => ({
  type: 'isthmus.io/LowerStorageReady',
  status,
  ...more,
  lastTransitionTime,
});
const resizing = { type: 'Resizing', status: 'True' };

describe('the status above', () => {
  test.each<[string, object, object | undefined, typeof problem | undefined, object | undefined]>([
    ['equal: nothing is written', {}, {}, undefined, undefined],
    ['the real size', {}, { capacity: { storage: '3Gi' } }, undefined, { capacity: { storage: '3Gi' } }],
    ['progress of a resize', {}, { conditions: [resizing] }, undefined, { conditions: [resizing] }],
    ['its end', { conditions: [resizing] }, {}, undefined, { conditions: [] }],
    [
      'how far it is',
      {},
      { allocatedResourceStatuses: { storage: 'NodeResizePending' } },
      undefined,
      { allocatedResourceStatuses: { storage: 'NodeResizePending' } },
    ],
    [
      'no more of it',
      { allocatedResourceStatuses: { storage: 'NodeResizePending' } },
      {},
      undefined,
      { allocatedResourceStatuses: null },
    ],
    ['what is wrong', {}, {}, problem, { conditions: [own('False')] }],
    ['still the same', { conditions: [own('False', problem, before)] }, {}, problem, undefined],
    [
      'something else is wrong now',
      { conditions: [own('False', { reason: 'Other', message: 'm' }, before)] },
      {},
      problem,
      { conditions: [own('False', problem, before)] },
    ],
    [
      'nothing is wrong any more',
      { conditions: [own('False', problem, before)] },
      {},
      undefined,
      { conditions: [expect.objectContaining({ status: 'True', lastTransitionTime: now })] },
    ],
    [
      'the lower claim is not known: what was known stays',
      { capacity: { storage: '3Gi' }, conditions: [resizing] },
      undefined,
      problem,
      { conditions: [resizing, own('False')] },
    ],
  ])('%s', (_, upper, lower, wrong, expected) => {
    const below = lower && lowerClaim({ status: lower });
    expect(claimStatusPatch(upperClaim({ status: upper }), below, wrong, now)).toEqual(expected);
  });

  test('of a claim that is not bound above has nothing from below', () => {
    const upper = upperClaim({ status: { phase: 'Pending', capacity: undefined } });
    expect(claimStatusPatch(upper, lowerClaim(), undefined, now)).toBeUndefined();
    expect(claimStatusPatch(upper, lowerClaim(), problem, now)).toEqual({ conditions: [own('False')] });
  });
});
