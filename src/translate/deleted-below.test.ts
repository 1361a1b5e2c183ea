import { describe, expect, test } from 'vitest';
import { deletedBelow, untilOverdue } from './deleted-below.ts';
import { upperPod } from './test-objects.ts';

const deletionTimestamp = '2026-01-01T00:00:00Z';
const deadline = Date.parse(deletionTimestamp);
const running = { status: { phase: 'Running' } };
const failed = { status: { phase: 'Failed' } };
const leaving = { metadata: { deletionTimestamp } };

describe('why a pod failed that was deleted below', () => {
  test.each<[string, object, object, string | undefined]>([
    ['it failed as it was deleted', running, { ...leaving, ...failed }, 'LowerPodDeleted'],
    [
      'said once, said again',
      { status: { phase: 'Failed', reason: 'LowerPodDeleted' } },
      { ...leaving, ...failed },
      'LowerPodDeleted',
    ],
    ['it had failed before', failed, { ...leaving, ...failed }, undefined],
    [
      'its kubelet gives a reason',
      running,
      { ...leaving, status: { phase: 'Failed', reason: 'Evicted' } },
      undefined,
    ],
    ['it still runs', running, { ...leaving, ...running }, undefined],
    ['it is deleted above as well', { ...leaving, ...running }, { ...leaving, ...failed }, undefined],
    ['nobody deletes it', running, failed, undefined],
  ])('%s', (_, upper, lower, reason) => {
    expect(deletedBelow(upperPod(upper), upperPod(lower))?.reason).toBe(reason);
  });
});

describe('a pod deleted below that does not go', () => {
  test('is overdue half a minute after its grace period', () => {
    const lower = upperPod({ ...leaving, ...running });
    expect(untilOverdue(upperPod(running), lower, deadline)).toBe(30_000);
    expect(untilOverdue(upperPod(running), lower, deadline + 30_001)).toBe(-1);
  });

  test.each<[string, object, object]>([
    ['nobody deletes it', running, running],
    ['it is deleted above', { ...leaving, ...running }, { ...leaving, ...running }],
    ['it has finished below', running, { ...leaving, ...failed }],
    ['it has finished above', failed, { ...leaving, ...running }],
  ])('never when %s', (_, upper, lower) => {
    expect(untilOverdue(upperPod(upper), upperPod(lower), deadline + 1e9)).toBeUndefined();
  });
});
