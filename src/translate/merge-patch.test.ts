import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergePatch } from './merge-patch.ts';
import { frozen } from './test-objects.ts';

describe('mergePatch', () => {
  test.each([
    ['equal', { a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 }, undefined],
    ['a key more', {}, { a: 1 }, { a: 1 }],
    ['a key less', { a: 1, b: 2 }, { b: 2 }, { a: null }],
    ['another value', { a: 1 }, { a: 2 }, { a: 2 }],
    ['deep', { a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 1, d: 3 } } }, { a: { b: { d: 3 } } }],
    ['a key less, deep', { a: { b: 1, c: 2 } }, { a: { c: 2 } }, { a: { b: null } }],
    ['an emptied map', { a: { b: 1 } }, { a: {} }, { a: { b: null } }],
    ['a new empty map', {}, { a: {} }, { a: {} }],
    ['lists whole', { a: [1, 2] }, { a: [1, 3] }, { a: [1, 3] }],
    ['a shorter list', { a: [1, 2] }, { a: [1] }, { a: [1] }],
    ['maps in lists', { a: [{ b: 1, c: 2 }] }, { a: [{ c: 2, b: 1 }] }, undefined],
    ['a list for a map', { a: {} }, { a: [] }, { a: [] }],
    ['a map for a list', { a: [] }, { a: {} }, { a: {} }],
    ['a map for text', { a: 'x' }, { a: { b: 1 } }, { a: { b: 1 } }],
    ['text for a map', { a: { b: 1 } }, { a: 'x' }, { a: 'x' }],
    [
      'false, nothing and zero',
      { a: false, b: '', c: 0 },
      { a: 0, b: false, c: '' },
      { a: 0, b: false, c: '' },
    ],
    ['undefined is absent', { a: undefined, b: 1 }, { b: 1, c: undefined }, undefined],
    ['undefined takes away', { a: 1 }, { a: undefined }, { a: null }],
    // The API writes `lastProbeTime: null` and takes null for absent: neither may make a patch for ever.
    ['null is absent above', { a: null }, {}, undefined],
    ['null is absent below', {}, { a: null }, undefined],
    ['null takes away', { a: 1 }, { a: null }, { a: null }],
    ['null is replaced', { a: null }, { a: 1 }, { a: 1 }],
    ['null in maps of lists', { a: [{ b: 1, c: null }] }, { a: [{ b: 1 }] }, undefined],
    ['null in lists counts', { a: [null] }, { a: [] }, { a: [] }],
    // Names that every JavaScript object answers to.
    ['inherited names come', {}, { constructor: 'x', toString: 'y' }, { constructor: 'x', toString: 'y' }],
    ['inherited names go', { constructor: 'x' }, {}, { constructor: null }],
    ['inherited names in lists', { a: [{ toString: 'x' }] }, { a: [{}] }, { a: [{}] }],
  ])('%s', (_, from, to, patch) => {
    expect(mergePatch(frozen(from), frozen(to))).toEqual(patch);
  });

  test('from nothing at all', () => {
    expect(mergePatch(undefined, {})).toBeUndefined();
    expect(mergePatch(undefined, { a: 1 })).toEqual({ a: 1 });
  });

  const object = fc.dictionary(
    fc.constantFrom('a', 'b', '__proto__', 'constructor'),
    fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<unknown>(null, undefined, 0, 1, 'x', true),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor'), tie('value'), { maxKeys: 3 }),
      ),
    })).value,
  );

  test('applied, it makes the target; there is none exactly when nothing differs', () => {
    fc.assert(
      fc.property(object, object, (from, to) => {
        const patch = mergePatch(frozen(from), frozen(to));
        expect(asStored(apply(wire(from), wire(patch ?? {})))).toBe(asStored(wire(to)));
        expect(patch === undefined).toBe(asStored(wire(from)) === asStored(wire(to)));
      }),
    );
  });

  test('whatever is sent twice changes nothing the second time', () => {
    fc.assert(
      fc.property(object, object, (from, to) => {
        const patched = apply(wire(from), wire(mergePatch(from, to) ?? {}));
        expect(mergePatch(patched as object, to)).toBeUndefined();
      }),
    );
  });
});

/** As it arrives after JSON. */
function wire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** RFC 7396, section 2, to the letter. */
function apply(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const result = new Map(isMap(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, apply(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/** One text for all that the API server takes for the same: keys in any order, null or left out. */
function asStored(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asStored).join()}]`;
  if (!isMap(value)) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, entry]) => entry !== null);
  return `{${entries
    .map(([key, entry]) => `${JSON.stringify(key)}:${asStored(entry)}`)
    .sort()
    .join()}}`;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
