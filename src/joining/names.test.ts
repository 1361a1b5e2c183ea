import { expect, test } from 'vitest';
import { accountName, isOfJoining, type Joining, joiningMarks } from './names.ts';

const joining: Joining = { name: 'a', namespace: 'isthmus-system', upperCluster: 'one' };

test('two upper clusters that call a lower one the same do not meet there', () => {
  const other = { ...joining, upperCluster: 'two' };
  expect(accountName(joining)).toMatch(/^isthmus-a-[0-9a-f]{8}$/);
  expect(accountName(other)).not.toBe(accountName(joining));
  expect(isOfJoining({ metadata: joiningMarks(joining) }, joining)).toBe(true);
  expect(isOfJoining({ metadata: joiningMarks(other) }, joining)).toBe(false);
});

test.each([{}, { metadata: {} }, { metadata: { labels: { 'isthmus.io/joined': 'a' } } }])(
  'what has not all marks is not ours: %j',
  (object) => {
    expect(isOfJoining(object, joining)).toBe(false);
  },
);
