import { describe, expect, test } from 'vitest';
import type { Pod } from '../kube/types.ts';
import type { Picture } from './picture.ts';
import { type RankStrategy, rank, rankStrategies } from './rank.ts';
import { asking, node, pictureOf, pod, podOn, zoned } from './test-pictures.ts';

const zone = 'topology.kubernetes.io/zone';
const wants = pod('p', asking({ cpu: '1', memory: '1Gi' }));
const filled = (cpu: string, memory = '0') =>
  pictureOf([node('n')], [podOn('n', 'there', asking({ cpu, memory }))]);

/** Which of two clusters is better. */
const better = (one: Picture, other: Picture, wanted: Pod, strategy: RankStrategy) =>
  Math.sign(rank(one, wanted, strategy) - rank(other, wanted, strategy));

describe('rank', () => {
  test.each(rankStrategies)('%s is between 0 and 100, and 0 where nothing fits', (strategy) => {
    for (const cpu of ['0', '1', '3']) {
      expect(rank(filled(cpu), wants, strategy)).toBeGreaterThan(0);
      expect(rank(filled(cpu), wants, strategy)).toBeLessThanOrEqual(100);
    }
    expect(rank(filled('4'), wants, strategy)).toBe(0);
    expect(rank(pictureOf([]), wants, strategy)).toBe(0);
  });

  test.each<[RankStrategy, number]>([
    ['least-allocated', 1],
    ['worst-fit', 1],
    ['best-fit', -1],
  ])('%s: an empty cluster against a full one is %d', (strategy, expected) => {
    expect(better(filled('0'), filled('2', '4Gi'), wants, strategy)).toBe(expected);
  });

  test('the best node counts, however many others there are', () => {
    const mixed = pictureOf([node('a'), node('b')], [podOn('a', 'there', asking({ cpu: '3' }))]);
    expect(rank(mixed, wants, 'least-allocated')).toBe(rank(filled('0'), wants, 'least-allocated'));
  });

  test('nodes that are used evenly are better', () => {
    expect(better(filled('2', '4Gi'), filled('3', '2Gi'), pod('p'), 'least-allocated')).toBe(1);
  });

  test('nodes with a taint that would rather have others are worse', () => {
    const tainted = pictureOf([node('n', { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] })]);
    expect(better(filled('0'), tainted, wants, 'least-allocated')).toBe(1);
    const tolerant = pod('p', {
      ...asking({ cpu: '1', memory: '1Gi' }),
      tolerations: [{ operator: 'Exists' }],
    });
    expect(better(filled('0'), tainted, tolerant, 'least-allocated')).toBe(0);
  });

  test('preferred nodes are better, by weight', () => {
    const preference = (weight: number, value: string) => ({
      weight,
      preference: { matchExpressions: [{ key: zone, operator: 'In', values: [value] }] },
    });
    const preferring = pod('p', {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [preference(10, 'a'), preference(5, 'b')],
        },
      },
    });
    const [a, b, c] = ['a', 'b', 'c'].map((each) => pictureOf([zoned('n', each)]));
    expect(better(a as Picture, b as Picture, preferring, 'least-allocated')).toBe(1);
    expect(better(b as Picture, c as Picture, preferring, 'least-allocated')).toBe(1);
  });

  test('preferred company is better, company that it would rather not have worse', () => {
    const term = (app: string) => ({
      weight: 1,
      podAffinityTerm: { topologyKey: zone, labelSelector: { matchLabels: { app } } },
    });
    const choosy = pod('p', {
      affinity: {
        podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [term('friend')] },
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [term('foe')] },
      },
    });
    const withPod = (app: string) => pictureOf([zoned('n', 'a')], [podOn('n', 'there', {}, { app })]);
    expect(better(withPod('friend'), withPod('nobody'), choosy, 'least-allocated')).toBe(1);
    expect(better(withPod('nobody'), withPod('foe'), choosy, 'least-allocated')).toBe(1);
  });

  test('within a cluster a pod goes where fewest of its like are', () => {
    const soft = {
      topologyKey: zone,
      maxSkew: 1,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { app: 'web' } },
    };
    const spread = { ...asking({ cpu: '1' }), topologySpreadConstraints: [soft] };
    const web = { app: 'web' };
    const picture = pictureOf(
      [zoned('a', 'a'), zoned('b', 'b')],
      [podOn('a', 'x', {}, web), podOn('b', 'big', asking({ cpu: '1' }))],
    );
    picture.applyPod(pod('p', spread, web));
    const near = { ...asking({ cpu: '3' }), nodeSelector: { [zone]: 'b' } };
    expect(rank(picture, pod('q', near), 'least-allocated')).toBe(0);
  });
});
