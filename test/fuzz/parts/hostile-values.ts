import fc from 'fast-check';

/** Names that objects inherit, that are none, or that mean something to some program. */
export const hostileNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'length',
  'then',
  'toJSON',
  '',
  ' ',
  '.',
  '..',
  '/',
  '~',
  '~1',
  '\u0000',
  '\ud800',
  'ａ',
  '𝒳',
  'A'.repeat(64),
  '0',
  '-1',
  'null',
];

/** Texts of every kind that some reader stumbles upon. */
export const hostileTexts = [
  ...hostileNames,
  '../../etc/passwd',
  '%2e%2e%2f',
  '%00',
  '%zz',
  '%',
  'a\r\nX-Remote-User: admin',
  '\u202e\u200b\ufeff',
  '{"a":',
  '[[[[[[[[',
  '{"__proto__":{"isAdmin":true}}',
  '1e400',
  '1e-400',
  '9'.repeat(600),
  '1'.repeat(40),
  '-0',
  'NaN',
  'Infinity',
  '0x10',
  '1Ki',
  '.5',
  'a,b,c=d,(',
  'a in (b,c),!d,e notin (',
  '*a',
  '&a [*a]',
  '!!js/function x',
  '%YAML 1.1\n---\n<<: *a',
  '2026-02-30T99:99:99Z',
  '+275760-09-13T00:00:00.000Z',
  'x'.repeat(10_000),
  `${'a'.repeat(200)}.`.repeat(20),
  `${'a.'.repeat(3_000)}!`,
  `${' '.repeat(5_000)}a`,
  '-'.repeat(5_000),
];

export const hostileText = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 20 }),
);

/** JSON values of every type, keys among them that objects inherit. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(null, true, false, 0, -1, 1.5, 1e308, -1e308, 2 ** 53, 2 ** 31, [], {}),
  },
  { weight: 6, arbitrary: hostileText },
  {
    weight: 3,
    arbitrary: fc.constantFrom([null], [[]], [{}], [5], ['a'], { a: null }, { length: 5 }, { toString: 1 }),
  },
  { weight: 2, arbitrary: fc.constantFrom(...hostileNames).map((name) => ({ ...objectWith(name, 'a') })) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...hostileNames).map((name) => objectWith(name, { isAdmin: true })),
  },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(10, 100, 1_000).map(nested) },
  { weight: 1, arbitrary: fc.constantFrom(10, 1_000).map((length) => Array<number>(length).fill(1)) },
);

/** An object that has the name itself, whatever the name. */
export function objectWith(name: string, value: unknown): Record<string, unknown> {
  return Object.fromEntries([[name, value]]) as Record<string, unknown>;
}

/** Objects within lists within objects. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? { a: value } : [value];
  return value;
}

/** Stands for something deep, see {@link stringifyDeep}. */
export const deep = '@deep@';

/** JSON in which {@link deep} is nested so far that no program could write it by recursion. */
export function stringifyDeep(value: unknown, depth: number): string {
  const nest = `${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`;
  const quoted = JSON.stringify(nest).slice(1, -1);
  // Within a text, as an annotation has it, it is written as text.
  return JSON.stringify(value).replaceAll(`"${deep}"`, nest).replaceAll(`\\"${deep}\\"`, quoted);
}
