import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatQuantity, formOf, parseQuantity } from './quantity.ts';

const one = 1_000_000_000n;
const suffixes: Record<string, bigint> = {
  n: 1n,
  u: 10n ** 3n,
  m: 10n ** 6n,
  '': one,
  k: 10n ** 12n,
  M: 10n ** 15n,
  G: 10n ** 18n,
  T: 10n ** 21n,
  P: 10n ** 24n,
  E: 10n ** 27n,
  Ki: one << 10n,
  Mi: one << 20n,
  Gi: one << 30n,
  Ti: one << 40n,
  Pi: one << 50n,
  Ei: one << 60n,
};
const number = fc.bigInt({ min: 0n, max: 10n ** 24n });
const suffix = fc.constantFrom(...Object.keys(suffixes));
/** The least whole number of billionths that is not less. */
const ceiling = (dividend: bigint, divisor: bigint) =>
  dividend / divisor + (dividend % divisor > 0n ? 1n : 0n);

describe('parseQuantity', () => {
  test.each([
    ['0', 0n],
    ['1', one],
    ['+1', one],
    ['-1', -one],
    ['100m', one / 10n],
    ['1.5Gi', 1_610_612_736n * one],
    ['.5', one / 2n],
    ['5.', 5n * one],
    ['1e3', 1_000n * one],
    ['1E3', 1_000n * one],
    ['1E', 10n ** 18n * one],
    ['1.5e-3', 1_500_000n],
    ['12E+2', 1_200n * one],
    ['0.1Ki', 102_400_000_000n],
    ['128974848', 128_974_848n * one],
    ['1e-9', 1n],
    // What is smaller than a billionth is one: k8s.io/apimachinery rounds away from zero.
    ['1e-10', 1n],
    ['-1e-10', -1n],
    ['0.0000000001', 1n],
    ['1.1n', 2n],
    ['0e-300', 0n],
  ])('reads %s', (text, expected) => {
    expect(parseQuantity(text)).toBe(expected);
  });

  test('reads numbers, as YAML makes them of unquoted quantities', () => {
    expect(parseQuantity(2)).toBe(2n * one);
    expect(parseQuantity(0.5)).toBe(one / 2n);
    expect(parseQuantity(1e21)).toBe(10n ** 21n * one);
  });

  test('is exact for every suffix and any fraction', () => {
    fc.assert(
      fc.property(number, fc.nat(12), suffix, (digits, places, unit) => {
        const padded = digits.toString().padStart(places + 1, '0');
        const cut = padded.length - places;
        const text = `${padded.slice(0, cut)}${places > 0 ? `.${padded.slice(cut)}` : ''}${unit}`;
        expect(parseQuantity(text)).toBe(ceiling(digits * (suffixes[unit] ?? 0n), 10n ** BigInt(places)));
        expect(parseQuantity(`-${text}`)).toBe(-parseQuantity(text));
      }),
    );
  });

  test('is exact for exponents', () => {
    fc.assert(
      fc.property(number, fc.integer({ min: -30, max: 30 }), (digits, exponent) => {
        const expected =
          exponent >= 0
            ? digits * one * 10n ** BigInt(exponent)
            : ceiling(digits * one, 10n ** BigInt(-exponent));
        expect(parseQuantity(`${digits}e${exponent}`)).toBe(expected);
      }),
    );
  });

  test.each([
    '',
    ' ',
    '.',
    '+',
    '-',
    'm',
    'Ki',
    '1 Gi',
    ' 1',
    '1\n',
    '1ki',
    '1mi',
    '1K',
    '1e',
    '1e+',
    '1e1.5',
    '--1',
    '1.2.3',
    '0x10',
    '1_000',
    '1,5',
    'NaN',
    'Infinity',
    '１',
    '1Gi1',
    '1GiB',
    'null',
    'undefined',
    '[object Object]',
  ])('refuses %j', (text) => {
    expect(() => parseQuantity(text)).toThrow(RangeError);
  });

  test.each([['1e401'], ['1e999999999999999999999'], ['1e-401'], [Number.NaN], [Number.POSITIVE_INFINITY]])(
    'refuses %s',
    (text) => {
      expect(() => parseQuantity(text)).toThrow(RangeError);
    },
  );

  test('either reads or refuses any text, quickly', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[+-]?[0-9.]{0,40}[a-zA-Z0-9+-]{0,8}$/),
      fc.tuple(fc.constantFrom('9', '.', '0', 'e', '-'), fc.nat(20_000)).map(([c, n]) => c.repeat(n)),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const began = performance.now();
        try {
          expect(typeof parseQuantity(text)).toBe('bigint');
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          expect((error as Error).message.length).toBeLessThan(200);
        }
        expect(performance.now() - began).toBeLessThan(200);
      }),
    );
  });
});

describe('formatQuantity', () => {
  test.each([
    [0n, 'binary', '0'],
    [one * 1024n, 'binary', '1Ki'],
    [one * 1024n, 'decimal', '1024'],
    [one * 1536n, 'binary', '1536'],
    [one * 1024n ** 6n, 'binary', '1Ei'],
    [one * 1024n ** 7n, 'binary', '1024Ei'],
    [one / 10n, 'decimal', '100m'],
    [-one / 10n, 'decimal', '-100m'],
    [one + 1_000n, 'decimal', '1000001u'],
    [one + 1n, 'binary', '1000000001n'],
    [-one * 2048n, 'binary', '-2Ki'],
    // As the API server keeps them: 11000 comes back as 11k, also of memory that is no whole number of Ki.
    [one * 11_000n, 'decimal', '11k'],
    [one * 11_500n, 'decimal', '11500'],
    [one * 10n ** 18n, 'decimal', '1E'],
    [one * 10n ** 21n, 'decimal', '1000E'],
    [one * 1_000n, 'binary', '1k'],
    [one * 1_025_000n, 'binary', '1025k'],
    [one * 1_024_000n, 'binary', '1000Ki'],
  ] as const)('writes %s, %s, as %s', (value, form, expected) => {
    expect(formatQuantity(value, form)).toBe(expected);
  });

  test('writes what reads back the same, in either form', () => {
    const value = fc.oneof(
      fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
      number.map((n) => n * one),
    );
    fc.assert(
      fc.property(value, fc.constantFrom('binary' as const, 'decimal' as const), (amount, form) => {
        expect(parseQuantity(formatQuantity(amount, form))).toBe(amount);
      }),
    );
  });
});

test.each([
  ['memory', 'binary'],
  ['ephemeral-storage', 'binary'],
  ['storage', 'binary'],
  ['hugepages-2Mi', 'binary'],
  ['cpu', 'decimal'],
  ['pods', 'decimal'],
  ['nvidia.com/gpu', 'decimal'],
  ['example.com/memory', 'decimal'],
])('%s is written in its %s form', (resource, form) => {
  expect(formOf(resource)).toBe(form);
});
