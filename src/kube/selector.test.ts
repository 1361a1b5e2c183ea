import { describe, expect, it, test } from 'vitest';
import { isLabelSelector, parseLabelSelector } from './selector.ts';

describe('a label selector', () => {
  it.each([
    ['', []],
    ['pool=gpu', [{ key: 'pool', operator: 'In', values: ['gpu'] }]],
    ['pool == gpu', [{ key: 'pool', operator: 'In', values: ['gpu'] }]],
    ['example.com/pool!=gpu', [{ key: 'example.com/pool', operator: 'NotIn', values: ['gpu'] }]],
    ['empty=', [{ key: 'empty', operator: 'In', values: [''] }]],
    ['zone in (a, b)', [{ key: 'zone', operator: 'In', values: ['a', 'b'] }]],
    ['zone notin (a)', [{ key: 'zone', operator: 'NotIn', values: ['a'] }]],
    ['spot', [{ key: 'spot', operator: 'Exists' }]],
    ['!spot', [{ key: 'spot', operator: 'DoesNotExist' }]],
    [
      'a=b, c in (d,e),!f',
      [
        { key: 'a', operator: 'In', values: ['b'] },
        { key: 'c', operator: 'In', values: ['d', 'e'] },
        { key: 'f', operator: 'DoesNotExist' },
      ],
    ],
  ])('%s', (text, requirements) => {
    expect(parseLabelSelector(text)).toEqual(requirements);
  });

  it.each(['a b', 'a=b=c', 'in (a)', 'zone in a', 'a>1', '='])('is not "%s"', (text) => {
    expect(() => parseLabelSelector(text)).toThrow(/no condition of a label selector/);
  });
});

test('a long one is read in proportion to its length', () => {
  const began = process.cpuUsage();
  expect(parseLabelSelector('a,'.repeat(40_000).slice(0, -1))).toHaveLength(40_000);
  expect(() => parseLabelSelector(`a in (${'b,'.repeat(40_000)}`)).toThrow(/^"a in \(b,b.{0,80}"/);
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1_000).toBeLessThan(1_000);
});

test.each([
  ['a=b', true],
  ['a==b', true],
  ['a!=b', true],
  ['a = b , c != d', true],
  ['a', true],
  ['!a', true],
  ['a=', true],
  ['example.com/a in (b, c),d', true],
  ['a notin (b)', true],
  ['', false],
  ['a=b,', false],
  ['a in b', false],
  ['a in (b', false],
  ['a=b c', false],
  ['a=b=c', false],
  ['a>1', false],
  ['=b', false],
  ['a in (b/c)', false],
  ['a b', false],
])('%j is a label selector: %s', (text, expected) => {
  expect(isLabelSelector(text)).toBe(expected);
});
