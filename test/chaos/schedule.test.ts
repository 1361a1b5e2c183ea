import { describe, expect, it } from 'vitest';
import type { Fault } from './faults/fault.ts';
import { randomOf } from './random.ts';
import { deckOf, drawRound } from './schedule.ts';

const kinds: Fault[] = ['one', 'two', 'three', 'four'].map((kind) => ({
  kind,
  seconds: [1, 5],
  targets: () => ['a', 'b', 'c'],
  begin: async () => ({ what: kind, end: async () => {} }),
}));

function draw(seed: number, seconds = 60) {
  const random = randomOf(seed);
  const targets = () => ['a', 'b', 'c'];
  return drawRound(deckOf(kinds, random), random, { seconds, lanes: 3, targets });
}

describe('a round of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it.each([1, 2, 3, 4, 5])('has no two faults on one target at a time (seed %i)', (seed) => {
    const planned = draw(seed, 300);
    expect(planned.length).toBeGreaterThan(50);
    for (const one of planned)
      for (const other of planned)
        if (one !== other && one.target === other.target && one.at <= other.at)
          expect(other.at).toBeGreaterThanOrEqual(one.at + one.seconds);
  });

  it('has each kind before any comes again', () => {
    const deck = deckOf(kinds, randomOf(7));
    const dealt = Array.from({ length: 8 }, () => deck.deal().kind);
    expect(new Set(dealt.slice(0, 4)).size).toBe(4);
    expect(new Set(dealt.slice(4)).size).toBe(4);
  });
});
