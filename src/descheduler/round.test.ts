import { expect, test } from 'vitest';
import { upperPod } from '../clusters/placement/test-clusters.ts';
import { Limits } from './limits.ts';
import type { MoveOutcome } from './mover.ts';
import { type RoundOptions, runRound } from './round.ts';
import type { Situation } from './situation.ts';
import type { Proposal } from './strategy.ts';

const proposal = (name: string): Proposal => ({
  moves: [{ pod: upperPod(name, '1'), to: ['vk-b'], avoid: undefined, because: 'it must' }],
});

/** A round of one strategy; everything works. */
async function round(proposals: Iterable<Proposal | undefined>, more: Partial<RoundOptions> = {}) {
  const outcomes: [string | undefined, MoveOutcome][] = [];
  await runRound({
    strategies: [{ name: 'Test', propose: () => proposals[Symbol.iterator]() as never }],
    situation: { now: 0 } as Situation,
    limits: new Limits({ perNode: 10, perOwner: 10, perMinute: 10 }),
    mover: { carryOut: async () => 'moved' },
    signal: new AbortController().signal,
    onOutcome: (_, { moves }, outcome) => void outcomes.push([moves[0]?.pod.metadata?.name, outcome]),
    ...more,
  });
  return outcomes;
}

test('a pod is moved once in a round', async () => {
  expect(await round([proposal('a'), undefined, proposal('a'), proposal('b')])).toEqual([
    ['a', 'moved'],
    ['b', 'moved'],
  ]);
});

test('others get their turn while a strategy looks for long', async () => {
  let turns = 0;
  const beat = setInterval(() => {
    turns += 1;
  }, 1);
  let seen = 0;
  function* slow() {
    for (let looks = 0; looks < 10; looks++) {
      for (const end = performance.now() + 10; performance.now() < end; );
      yield undefined;
      seen = turns;
    }
  }
  await round(slow());
  clearInterval(beat);
  expect(seen).toBeGreaterThan(0);
});

test('nothing is looked for any more after the end', async () => {
  const ending = new AbortController();
  let looks = 0;
  function* endless() {
    for (;;) {
      looks += 1;
      if (looks === 3) ending.abort();
      yield undefined;
    }
  }
  await round(endless(), { signal: ending.signal });
  expect(looks).toBe(3);
});
