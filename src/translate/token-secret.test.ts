import { describe, expect, test } from 'vitest';
import { isOurs, upperUidOf } from './marks.ts';
import { owner, raw, upperPod } from './test-objects.ts';
import { type MintedToken, podNameOf, tokenSecret, untilRefresh } from './token-secret.ts';

const minute = 60_000;
const hour = 60 * minute;
const start = Date.parse('2026-01-02T03:00:00Z');

const minted = (key: string, lifetime: number, token = 'x'): MintedToken => ({
  need: { key, audience: '', expirationSeconds: lifetime / 1_000 },
  token,
  mintedAt: start,
  expiresAt: start + lifetime,
});

describe('tokenSecret', () => {
  test('brings the tokens of a pod, marked as ours', () => {
    const secret = tokenSecret(upperPod(), owner, [minted('v.0', hour, 'tøken'), minted('v.1', hour, '')]);
    expect(secret).toMatchObject({
      metadata: { name: 'isthmus-tokens-upper-uid', namespace: 'shop' },
      type: 'Opaque',
      data: { 'v.0': Buffer.from('tøken').toString('base64'), 'v.1': '' },
    });
    expect(isOurs(secret, owner)).toBe(true);
    expect(upperUidOf(secret)).toBe('upper-uid');
    expect(podNameOf(secret)).toBe('web-0');
  });

  test('has a lawful name and annotations for a pod with the longest name', () => {
    const name = `${'a'.repeat(63)}.`.repeat(4).slice(0, 253).replace(/\.$/, 'a');
    const secret = tokenSecret(upperPod({ metadata: { name } }), owner, [minted('v.0', hour)]);
    expect(secret.metadata?.name?.length).toBeLessThanOrEqual(253);
    expect(podNameOf(secret)).toBe(name);
    for (const value of Object.values(secret.metadata?.labels ?? {}))
      expect(value.length).toBeLessThanOrEqual(63);
  });

  test.each([
    ['at four fifths of its life', [hour], 48 * minute],
    ['ten minutes, the shortest there is, in time', [10 * minute], 8 * minute],
    ['at the latest after a day', [365 * 24 * hour], 24 * hour],
    ['when the first of several must be', [hour, 10 * minute, 48 * hour], 8 * minute],
  ])('is renewed %s', (_, lifetimes, expected) => {
    const secret = tokenSecret(
      upperPod(),
      owner,
      lifetimes.map((lifetime, index) => minted(`v.${index}`, lifetime)),
    );
    expect(untilRefresh(secret, start)).toBe(expected);
    expect(untilRefresh(secret, start + expected)).toBe(0);
    expect(untilRefresh(secret, start + expected + 5)).toBe(-5);
  });
});

test.each([
  ['no metadata', {}],
  ['null annotations', { metadata: { annotations: null } }],
  ['nonsense', { metadata: { annotations: { 'isthmus.io/refresh-at': 'soon' } } }],
])('a Secret with %s is renewed now', (_, secret) => {
  expect(untilRefresh(raw(secret), start)).toBe(0);
});

describe('podNameOf', () => {
  const annotations = { 'isthmus.io/upper-uid': 'u', 'isthmus.io/pod': 'web-0' };

  test.each([
    ['a Secret of another pod', { name: 'isthmus-tokens-v', annotations }],
    ['the copy of a Secret, whatever it says', { name: 'mine', annotations }],
    ['a Secret without marks', { name: 'isthmus-tokens-u' }],
    ['nothing', undefined],
    ['nulls', { name: null, annotations: null }],
  ])('is nothing for %s', (_, metadata) => {
    expect(podNameOf(raw({ metadata }))).toBeUndefined();
  });
});
