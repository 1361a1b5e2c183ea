import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frozen } from '../translate/test-objects.ts';
import { addTo, raiseTo, readResources, subtract, writeResources } from './resource-list.ts';

const one = 1_000_000_000n;
const amounts = (list: Record<string, bigint>) => new Map(Object.entries(list));

describe('readResources', () => {
  test.each<[object | null | undefined, Record<string, bigint>]>([
    [
      { cpu: '500m', memory: '1Ki', pods: 110 },
      { cpu: one / 2n, memory: 1024n * one, pods: 110n * one },
    ],
    [{ 'nvidia.com/gpu': '2' }, { 'nvidia.com/gpu': 2n * one }],
    // What cannot be read counts for nothing; one broken node must not hide the others.
    [
      { cpu: 'many', memory: '1Ki' },
      { cpu: 0n, memory: 1024n * one },
    ],
    [
      { cpu: null, memory: {} },
      { cpu: 0n, memory: 0n },
    ],
    [{ constructor: '1' }, { constructor: one }],
    [{}, {}],
    [null, {}],
    [undefined, {}],
  ])('%j', (list, expected) => {
    expect(readResources(list as Record<string, string>)).toEqual(amounts(expected));
  });
});

test.each([
  [{ cpu: one / 2n }, { cpu: '500m' }],
  [{ memory: 1024n ** 3n * one }, { memory: '1Gi' }],
  [
    { pods: 110n * one, 'nvidia.com/gpu': 2048n * one },
    { pods: '110', 'nvidia.com/gpu': '2048' },
  ],
  [{ cpu: 0n }, { cpu: '0' }],
  [{}, {}],
])('writeResources', (list, expected) => {
  expect(writeResources(amounts(list))).toEqual(expected);
});

const list = fc
  .dictionary(
    fc.constantFrom('cpu', 'memory', 'pods', 'nvidia.com/gpu'),
    fc.bigInt({ min: 0n, max: 10n ** 30n }),
  )
  .map((entries) => frozen(amounts(entries)));

describe('for any amounts', () => {
  test('what is written reads back', () => {
    fc.assert(
      fc.property(list, (resources) => {
        expect(readResources(writeResources(resources))).toEqual(resources);
      }),
    );
  });

  test('sums are exact, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(list), (lists) => {
        const sum = new Map<string, bigint>();
        for (const resources of lists) addTo(sum, resources);
        const reversed = new Map<string, bigint>();
        for (const resources of [...lists].reverse()) addTo(reversed, resources);
        for (const name of ['cpu', 'memory', 'pods', 'nvidia.com/gpu']) {
          expect(sum.get(name) ?? 0n).toBe(lists.reduce((total, each) => total + (each.get(name) ?? 0n), 0n));
          expect(reversed.get(name)).toBe(sum.get(name));
        }
      }),
    );
  });

  test('what is left is never below zero, nor of other resources', () => {
    fc.assert(
      fc.property(list, list, (from, taken) => {
        const left = subtract(from, taken);
        expect([...left.keys()]).toEqual([...from.keys()]);
        for (const [name, value] of left) {
          const difference = (from.get(name) ?? 0n) - (taken.get(name) ?? 0n);
          expect(value).toBe(difference > 0n ? difference : 0n);
        }
      }),
    );
  });

  test('the larger of both is neither less than one of them nor more than both', () => {
    fc.assert(
      fc.property(list, list, (one, other) => {
        const larger = new Map(one);
        raiseTo(larger, other);
        for (const name of new Set([...one.keys(), ...other.keys()])) {
          const pair = [one.get(name) ?? 0n, other.get(name) ?? 0n] as const;
          expect(larger.get(name) ?? 0n).toBe(pair[0] > pair[1] ? pair[0] : pair[1]);
        }
      }),
    );
  });
});

test('from less than nothing, as of a broken node, nothing is left', () => {
  expect(subtract(amounts({ cpu: -one }), new Map())).toEqual(amounts({ cpu: 0n }));
});
