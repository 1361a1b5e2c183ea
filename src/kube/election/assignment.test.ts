import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign as assignShare, type Share } from './assignment.ts';

const names = (count: number) => new Set(Array.from({ length: count }, (_, index) => `n${index}`));
/** As the election does: free is what none of the replicas leads. */
function assign(share: Pick<Share, 'self' | 'names' | 'held'> & Partial<Share>) {
  const led = new Set([...share.held.values()].flatMap((each) => [...each]));
  const free = [...share.names].filter((name) => !led.has(name));
  return assignShare({ free, overdue: new Set(), passed: new Set(), ...share });
}

const held = (shares: Record<string, string[]>) =>
  new Map(Object.entries(shares).map(([replica, list]) => [replica, new Set(list)]));

describe('what a replica takes', () => {
  it('is everything when it is alone', () => {
    expect(assign({ self: 'a', names: names(3), held: held({ a: [] }) }).take.sort()).toEqual([
      'n0',
      'n1',
      'n2',
    ]);
  });

  it('is its share, and nothing that a living replica leads', () => {
    const share = assign({ self: 'a', names: names(4), held: held({ a: [], b: ['n0'] }) });
    expect(share.take).toHaveLength(2);
    expect(share.take).not.toContain('n0');
  });

  it('is nothing that a living replica leads which shares other names', () => {
    const share = assign({ self: 'a', names: names(3), free: ['n2'], held: held({ a: [] }) });
    expect(share.take).toEqual(['n2']);
  });

  it('is beyond its share what nobody takes for long', () => {
    const share = { self: 'a', names: names(3), held: held({ a: ['n0', 'n1'], b: [] }) };
    expect(assign(share)).toMatchObject({ take: [], beyond: [] });
    expect(assign({ ...share, overdue: new Set(['n2']) })).toMatchObject({ take: [], beyond: ['n2'] });
  });

  it('is nothing that it leaves to others', () => {
    const share = { self: 'a', names: names(2), held: held({ a: [], b: [] }) };
    expect(assign({ ...share, passed: new Set(['n0']) }).take).toEqual(['n1']);
    expect(assign({ ...share, passed: names(2), overdue: names(2) })).toMatchObject({ take: [], beyond: [] });
  });

  it('is another first name for each of many replicas', () => {
    const first = (self: string) => assign({ self, names: names(50), held: held({ [self]: [] }) }).take[0];
    expect(new Set(['a', 'b', 'c', 'd', 'e'].map(first)).size).toBeGreaterThan(2);
  });
});

describe('what a replica gives up', () => {
  it('is what nobody is to lead any more', () => {
    expect(assign({ self: 'a', names: names(1), held: held({ a: ['n0', 'old'] }) }).release).toEqual(['old']);
  });

  it('is one when another replica has too few, and only by the one who has the most', () => {
    const shares = held({ a: ['n0', 'n1'], b: ['n2', 'n3'], c: [] });
    expect(assign({ self: 'a', names: names(4), held: shares }).release).toHaveLength(1);
    expect(assign({ self: 'b', names: names(4), held: shares }).release).toEqual([]);
  });

  it('is nothing when shares are as even as they can be', () => {
    const shares = held({ a: ['n0', 'n1'], b: ['n2'] });
    expect(assign({ self: 'a', names: names(3), held: shares })).toEqual({
      take: [],
      beyond: [],
      release: [],
    });
  });

  it('is nothing while a name is free', () => {
    const shares = held({ a: ['n0', 'n1'], b: [] });
    expect(assign({ self: 'a', names: names(3), held: shares }).release).toEqual([]);
  });
});

it('comes to an even rest from any beginning, and then nothing moves', () => {
  const share = fc.array(fc.nat(6), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(share, fc.integer({ min: 1, max: 7 }), (owners, replicas) => {
      const all = names(owners.length);
      const shares = new Map(
        Array.from({ length: replicas }, (_, index) => [`r${index}`, new Set<string>()]),
      );
      owners.forEach((owner, index) => void shares.get(`r${owner}`)?.add(`n${index}`));
      let moved = true;
      for (let round = 0; moved && round < 500; round++) {
        moved = false;
        for (const [self, ours] of shares) {
          const { take, release } = assign({ self, names: all, held: shares });
          for (const name of release) ours.delete(name);
          for (const name of take) ours.add(name);
          moved ||= take.length + release.length > 0;
        }
      }
      expect(moved).toBe(false);
      const sizes = [...shares.values()].map(({ size }) => size);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(owners.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});
