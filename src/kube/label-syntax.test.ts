import { expect, test } from 'vitest';
import { isLabelKey, isLabelValue, isNodeName } from './label-syntax.ts';

const long = (length: number) => 'a'.repeat(length);

test.each([
  ['a', true],
  ['clusterID', true],
  ['a_b.c-d', true],
  ['example.com/a', true],
  [`${long(63)}`, true],
  [`${long(64)}`, false],
  [`${long(253)}/a`, true],
  [`${long(254)}/a`, false],
  ['', false],
  ['/a', false],
  ['a/', false],
  ['a/b/c', false],
  ['A.com/a', false],
  ['-a', false],
  ['a-', false],
  ['a b', false],
  ['a\n', false],
])('%j is the key of a label: %s', (text, expected) => {
  expect(isLabelKey(text)).toBe(expected);
});

test.each([
  ['', true],
  ['A_b.c-1', true],
  [long(63), true],
  [long(64), false],
  ['.a', false],
  ['a.', false],
  ['a/b', false],
  ['a\n', false],
])('%j is the value of a label: %s', (text, expected) => {
  expect(isLabelValue(text)).toBe(expected);
});

test.each([
  ['vk-a', true],
  ['vk.a.example', true],
  [long(63), true],
  [long(64), false],
  ['VK', false],
  ['a..b', false],
  ['a.-b', false],
  ['', false],
])('%j is the name of a node: %s', (text, expected) => {
  expect(isNodeName(text)).toBe(expected);
});
