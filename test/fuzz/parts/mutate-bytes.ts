import fc from 'fast-check';

const odd = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '"',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '\\',
  '%',
  '&',
  '*',
  '#',
  '-',
  '\xff',
  '\xc3',
];

/** One change of a text, as of a line that errs or of somebody who tries: all positions are parts of its length. */
const change = fc.record({
  where: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(12),
  what: fc.constantFrom('cut', 'drop', 'put', 'flip', 'double', 'swap', 'fill'),
  put: fc.oneof(fc.constantFrom(...odd), fc.string({ unit: 'binary', maxLength: 4 })),
});

/** Good texts with a few of their characters lost, exchanged, repeated or put in. */
export function damaged(good: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...good), fc.array(change, { minLength: 1, maxLength: 5 }))
    .map(([text, steps]) => steps.reduce(damage, text));
}

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function damage(text: string, { where, length, what, put }: Change): string {
  const start = Math.floor(where * text.length);
  const [before, part, after] = [
    text.slice(0, start),
    text.slice(start, start + length),
    text.slice(start + length),
  ];
  switch (what) {
    case 'cut':
      return before;
    case 'drop':
      return before + after;
    case 'put':
      return before + put + part + after;
    case 'flip':
      return (
        before + String.fromCharCode((part.charCodeAt(0) || 0) ^ (1 << (length % 8))) + part.slice(1) + after
      );
    case 'double':
      return before + part.repeat(40) + after;
    case 'swap':
      return after + part + before;
    case 'fill':
      return before + put.repeat(500) + after;
  }
}
