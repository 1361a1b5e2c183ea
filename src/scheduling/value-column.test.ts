import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ValueColumn } from './value-column.ts';

test('numbers stand for values, and are used again when nobody has the value any more', () => {
  const column = new ValueColumn();
  column.set(0, 'a');
  column.set(100, 'b');
  const b = column.numberOf('b');
  column.set(100, undefined);
  expect([column.numberOf('b'), column.ids[100], column.isEmpty]).toEqual([0, 0, false]);
  column.set(1, 'c');
  expect(column.numberOf('c')).toBe(b);
  expect(column.limit).toBe(3);
  expect([...column.entries()]).toEqual([
    ['a', column.ids[0]],
    ['c', column.ids[1]],
  ]);
});

test('every slot has the number of its value, whatever came before', () => {
  const changes = fc.array(
    fc.tuple(fc.nat(200), fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined })),
  );
  fc.assert(
    fc.property(changes, (sets) => {
      const column = new ValueColumn();
      const expected = new Map<number, string>();
      for (const [slot, value] of sets) {
        column.set(slot, value);
        if (value === undefined) expected.delete(slot);
        else expected.set(slot, value);
      }
      expect(column.isEmpty).toBe(expected.size === 0);
      for (let slot = 0; slot <= 200; slot += 1) {
        const value = expected.get(slot);
        expect(column.ids[slot] ?? 0).toBe(value === undefined ? 0 : column.numberOf(value));
      }
      for (const [value, number] of column.entries()) {
        expect(column.counts[number]).toBe([...expected.values()].filter((each) => each === value).length);
      }
    }),
  );
});
