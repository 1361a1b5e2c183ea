import { beforeEach, describe, expect, test } from 'vitest';
import { Cache } from '../../kube/cache.ts';
import type { Pod } from '../../kube/types.ts';
import { marks } from '../../translate/marks.ts';
import { owner, raw } from '../../translate/test-objects.ts';
import { SyncLag } from './sync-lag.ts';

const key = 'shop/web-0';
let clock: number;
let version = 0;
let lags: string[];
let upperPods: Cache<Pod>;
let lowerPods: Cache<Pod>;
let lag: SyncLag;

beforeEach(() => {
  clock = 1_000;
  lags = [];
  upperPods = new Cache<Pod>({});
  lowerPods = new Cache<Pod>({});
  lag = new SyncLag({
    owner,
    isServed: (one) => one.startsWith('shop/'),
    metrics: { lag: (direction, milliseconds) => lags.push(`${direction} ${milliseconds}`) },
    now: () => clock,
  });
  lag.watch(upperPods, lowerPods);
});

const upper = (metadata: object = {}, status: object = { phase: 'Pending' }) =>
  raw<Pod>({
    metadata: {
      namespace: 'shop',
      name: 'web-0',
      uid: 'above',
      labels: { 'virtual-pod': 'true' },
      resourceVersion: `${++version}`,
      ...metadata,
    },
    status,
  });
const lower = (metadata: object = {}) =>
  raw<Pod>({
    metadata: {
      namespace: 'shop',
      name: 'web-0',
      uid: 'below',
      ...marks(owner, 'above'),
      resourceVersion: `${++version}`,
      ...metadata,
    },
  });
const none = { pods: 0, oldest: 0 };

describe('down', () => {
  test('counts from the upper pod to the lower one, once', () => {
    upperPods.apply(upper());
    clock += 20;
    upperPods.apply(upper());
    expect(lag.waiting('down')).toEqual({ pods: 1, oldest: 20 });
    clock += 5;
    lowerPods.apply(lower());
    lowerPods.apply(lower());
    expect(lags).toEqual(['down 25']);
    expect(lag.waiting('down')).toEqual(none);
  });

  test.each<[string, () => void]>([
    ['is refused', () => lag.refused(upper())],
    ['goes', () => upperPods.remove(upper())],
    ['is going', () => upperPods.apply(upper({ deletionTimestamp: 'now' }))],
    ['has failed', () => upperPods.apply(upper({}, { phase: 'Failed' }))],
  ])('does not wait for a pod that %s', (_, change) => {
    upperPods.apply(upper());
    change();
    expect(lag.waiting('down')).toEqual(none);
  });

  test.each<[string, Pod]>([
    ['is not virtual', upper({ labels: {} })],
    ['has ended', upper({}, { phase: 'Succeeded' })],
    ['is going', upper({ deletionTimestamp: 'now' })],
  ])('does not begin with a pod that %s', (_, pod) => {
    upperPods.apply(pod);
    expect(lag.waiting('down')).toEqual(none);
  });

  test('does not begin with a pod that is there below, as after a new list', () => {
    lowerPods.apply(lower());
    upperPods.apply(upper());
    expect(lag.waiting('down')).toEqual(none);
    lowerPods.apply(lower({ uid: 'next', annotations: marks(owner, 'next').annotations }));
    upperPods.apply(upper({ name: 'web-1', uid: 'other' }));
    expect(lag.waiting('down').pods).toBe(1);
  });
});

describe('up', () => {
  test('does not count what may wait for the word of the kubelet', () => {
    lowerPods.apply({ ...lower(), status: { phase: 'Pending', conditions: [] } });
    clock += 1_500;
    expect(lag.waiting('up')).toEqual(none);
    lowerPods.apply({ ...lower(), status: { phase: 'Running' } });
    clock += 10;
    lag.carry(key);
    lag.written(key);
    expect(lags).toEqual(['up 10']);
  });

  test('counts from the change below to the status written', () => {
    lowerPods.apply(lower());
    clock += 5;
    lag.carry(key);
    clock += 10;
    lag.written(key);
    lag.settled(key);
    expect(lags).toEqual(['up 15']);
    expect(lag.waiting('up')).toEqual(none);
  });

  test('does not count what makes no difference above', () => {
    lowerPods.apply(lower());
    lag.carry(key);
    lag.settled(key);
    expect([lags, lag.waiting('up')]).toEqual([[], none]);
  });

  test('counts a change that comes while another is brought up by itself', () => {
    lowerPods.apply(lower());
    lag.carry(key);
    clock += 10;
    lowerPods.apply(lower());
    clock += 1;
    lag.written(key);
    expect(lag.waiting('up')).toEqual({ pods: 1, oldest: 1 });
    lag.carry(key);
    clock += 3;
    lag.written(key);
    expect(lags).toEqual(['up 11', 'up 4']);
  });

  test.each<[string, () => void]>([
    ['that fails', () => undefined],
    [
      'that conflicts',
      () => {
        lag.conflicted(key);
        lag.settled(key);
      },
    ],
  ])('goes on counting over an attempt %s', (_, end) => {
    lowerPods.apply(lower());
    lag.carry(key);
    end();
    clock += 1_000;
    lowerPods.apply(lower());
    expect(lag.waiting('up').oldest).toBe(1_000);
    lag.carry(key);
    lag.written(key);
    expect(lags).toEqual(['up 1000']);
  });

  test('the oldest is the one that waits longest, also after its write conflicted', () => {
    lowerPods.apply(lower());
    lag.carry(key);
    clock += 1_000;
    lowerPods.apply(lower({ name: 'web-1', uid: 'other' }));
    lag.conflicted(key);
    expect(lag.waiting('up')).toEqual({ pods: 2, oldest: 1_000 });
  });

  test('forgets a pod that is gone below', () => {
    lowerPods.apply(lower());
    lag.carry(key);
    lowerPods.apply(lower());
    lowerPods.remove(lower());
    expect(lag.waiting('up')).toEqual(none);
  });

  test('looks at no pod that is not ours, or not served', () => {
    lowerPods.apply(lower({ annotations: marks({ ...owner, virtualNode: 'vk-z' }, 'above').annotations }));
    lowerPods.apply(lower({ namespace: 'elsewhere' }));
    expect(lag.waiting('up')).toEqual(none);
  });
});
