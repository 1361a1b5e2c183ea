import { describe, expect, test } from 'vitest';
import { lowerClassOf } from './class-map.ts';

const lower = (names: string[], hasDefault = false) => ({
  has: (name: string) => names.includes(name),
  hasDefault,
});

describe('the lower class of an upper one', () => {
  test.each<[string, string | undefined, Record<string, string | null>, ReturnType<typeof lower>, object]>([
    ['the one of the map', 'fast', { fast: 'ssd' }, lower(['ssd', 'fast']), { className: 'ssd' }],
    ['the one of the same name', 'fast', {}, lower(['fast'], true), { className: 'fast' }],
    ['the default, where there is none', 'fast', {}, lower(['ssd'], true), { className: undefined }],
    ['the default, by the map', 'fast', { fast: null }, lower(['fast'], true), { className: undefined }],
    ['the default of a claim without a class', undefined, {}, lower([], true), { className: undefined }],
    ['none, for a claim that asks for none', '', { '': 'ssd' }, lower(['ssd'], true), { className: '' }],
    ['by its own name alone', 'constructor', {}, lower([], true), { className: undefined }],
  ])('%s', (_, upperClass, map, there, expected) => {
    expect(lowerClassOf(upperClass, map, there)).toEqual(expected);
  });

  test.each<[string, string | undefined, Record<string, string | null>, RegExp]>([
    [
      'that of the map is not there',
      'fast',
      { fast: 'ssd' },
      /no storage class "ssd", which stands for "fast"/,
    ],
    ['neither the name nor a default', 'fast', {}, /neither a storage class "fast" nor a default/],
    ['no default, by the map', 'fast', { fast: null }, /nor a default/],
  ])('is missing: %s', (_, upperClass, map, expected) => {
    expect(lowerClassOf(upperClass, map, lower([]))).toEqual({ missing: expect.stringMatching(expected) });
  });
});
