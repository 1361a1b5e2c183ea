import { expect, test } from 'vitest';
import { testCluster, upperPod } from '../clusters/placement/test-clusters.ts';
import { fits } from '../scheduling/fit.ts';
import { RoomAhead } from './room-ahead.ts';

test('room is held for a pod on its way, and given up when it has not come', () => {
  const cluster = testCluster('a', [4]);
  const { picture } = cluster.feed;
  const ahead = new RoomAhead();
  const [first, second] = [upperPod('first', '3'), upperPod('second', '3')];
  ahead.hold(first, cluster, 1_000);
  expect(fits(picture, second)).toBe(false);
  ahead.expire(20_999);
  expect(fits(picture, second)).toBe(false);
  ahead.expire(21_000);
  expect(fits(picture, second)).toBe(true);
});

test('each is given up in its own time', () => {
  const cluster = testCluster('a', [4]);
  const ahead = new RoomAhead();
  ahead.hold(upperPod('first', '1'), cluster, 0);
  ahead.hold(upperPod('second', '1'), cluster, 5_000);
  ahead.expire(20_000);
  expect(cluster.feed.picture.held()).toEqual(['shop/second on its way']);
  ahead.expire(25_000);
  expect(cluster.feed.picture.held()).toEqual([]);
});
