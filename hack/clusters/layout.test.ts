import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutOfCluster, layoutOfSet, MAX_CLUSTERS, MAX_SETS, overlaps } from './layout.ts';

const set = fc.integer({ min: 1, max: MAX_SETS });
const index = fc.integer({ min: 0, max: MAX_CLUSTERS - 1 });
const name = fc.stringMatching(/^[a-z]{1,10}$/);

describe('layoutOfSet', () => {
  it('is what the documentation says', () => {
    expect(layoutOfSet(3)).toEqual({
      hub: 'isthmus3',
      machineAddress: '10.202.0.1',
      subnet: '10.202.0.0/16',
    });
    expect(layoutOfCluster(3, 1, 'a')).toEqual({
      namespace: 'isthmus3-a',
      port: 'port1',
      address: '10.202.0.11',
      serviceCidr: '10.202.72.0/21',
      firstServiceAddress: '10.202.72.1',
      podCidr: '10.202.136.0/21',
      cgroup: 'isthmus3-a',
    });
  });

  it('gives two sets no address in common, and names that a link can have', () => {
    fc.assert(
      fc.property(set, set, (one, other) => {
        expect(overlaps(layoutOfSet(one).subnet, layoutOfSet(other).subnet)).toBe(one === other);
        expect(layoutOfSet(one).hub.length).toBeLessThanOrEqual(15);
      }),
    );
  });

  it('gives two clusters of a set nothing in common, all of it within the set', () => {
    fc.assert(
      fc.property(set, index, index, name, (number, one, other, cluster) => {
        fc.pre(one !== other);
        const [a, b] = [layoutOfCluster(number, one, cluster), layoutOfCluster(number, other, `${cluster}2`)];
        const ranges = [a.address, a.serviceCidr, a.podCidr, b.address, b.serviceCidr, b.podCidr];
        for (const [place, range] of ranges.entries()) {
          expect(overlaps(range, layoutOfSet(number).subnet)).toBe(true);
          expect(ranges.filter((another) => overlaps(range, another))).toEqual([ranges[place]]);
        }
        expect([a.namespace, a.port, a.cgroup]).not.toEqual([b.namespace, b.port, b.cgroup]);
      }),
    );
  });

  it('refuses numbers it has no room for', () => {
    for (const number of [0, MAX_SETS + 1, 1.5, Number.NaN])
      expect(() => layoutOfSet(number)).toThrow('no set');
    expect(() => layoutOfCluster(1, MAX_CLUSTERS, 'a')).toThrow('room for 8');
  });
});

describe('overlaps', () => {
  it.each([
    ['10.0.0.0/8', '10.200.0.0/16', true],
    ['10.200.0.0/16', '10.200.255.255', true],
    ['10.200.0.0/16', '10.201.0.0', false],
    ['192.168.0.0/16', '10.200.0.0/16', false],
    ['0.0.0.0/0', '10.200.0.1', true],
    ['fe80::/64', '10.200.0.0/16', false],
  ])('%s and %s: %s', (one, other, expected) => {
    expect(overlaps(one, other)).toBe(expected);
    expect(overlaps(other, one)).toBe(expected);
  });
});
