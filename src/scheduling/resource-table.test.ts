import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ResourceTable } from './resource-table.ts';

const amounts = (amount: number) => [{ resource: 'cpu', amount }];

test('the most that is free is that of some node, whatever came and went', () => {
  const slot = fc.nat(150);
  const change = fc.oneof(
    fc.tuple(fc.constant('has' as const), slot, fc.nat(10)),
    fc.tuple(fc.constant('takes' as const), slot, fc.nat(10)),
    fc.tuple(fc.constant('gives' as const), slot, fc.nat(10)),
    fc.tuple(fc.constant('goes' as const), slot, fc.constant(0)),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const table = new ResourceTable();
      const free = new Map<number, { there: number; taken: number }>();
      for (const [kind, at, amount] of changes) {
        const node = free.get(at) ?? { there: 0, taken: 0 };
        if (kind === 'has') table.setAllocatable(at, amounts(amount));
        else if (kind === 'takes') table.take(at, amounts(amount));
        else if (kind === 'gives') table.give(at, amounts(amount));
        else table.clear(at);
        if (kind === 'has') free.set(at, { ...node, there: amount });
        else if (kind === 'goes') free.delete(at);
        else free.set(at, { ...node, taken: node.taken + (kind === 'takes' ? amount : -amount) });
        const most = Math.max(0, ...[...free.values()].map(({ there, taken }) => there - taken));
        expect(table.column('cpu')?.mostFree() ?? 0).toBe(most);
      }
    }),
  );
});

test('a resource that a node does not offer any more is not there', () => {
  const table = new ResourceTable();
  table.setAllocatable(0, amounts(5));
  table.take(0, amounts(2));
  table.setAllocatable(0, []);
  expect(table.column('cpu')?.free(0)).toBe(-2);
  expect(table.column('memory')).toBeUndefined();
});

test('says when a sum was too large to be exact', () => {
  const table = new ResourceTable();
  table.take(0, amounts(1));
  table.take(0, amounts(2 ** 60));
  expect(table.give(0, amounts(2 ** 60))).toBe(false);
  table.clearRequested(0);
  table.take(0, amounts(1));
  expect(table.give(0, amounts(1))).toBe(true);
  expect(table.column('cpu')?.requested(0)).toBe(0);
});
