import { expect, test } from 'vitest';
import { lowerClaimNote, notedLowerClaim } from './claim-note.ts';
import { lowerClaim, upperClaim } from './test-claims.ts';

const noted = (note: string) =>
  notedLowerClaim(upperClaim({ metadata: { annotations: { 'isthmus.io/lower-claim': note } } }));

test('a note says which lower claim was made', () => {
  expect(noted(lowerClaimNote(upperClaim(), lowerClaim()))).toBe('lower-uid');
});

test.each(['other-uid/lower-uid', '', 'upper-uid', '/'])(
  '%j says nothing: it was copied or damaged',
  (note) => {
    expect(noted(note)).toBeUndefined();
  },
);

test('without a note none was made', () => {
  expect(notedLowerClaim(upperClaim())).toBeUndefined();
});
