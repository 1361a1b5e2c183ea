import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyAction } from '../lives/actions.ts';
import { seedOfRun } from '../seed.ts';
import { runSequence } from './sequence.ts';
import { tallyOf } from './tally.ts';
import { openWorld, type World } from './world.ts';

/** `ISTHMUS_RUNS` makes it longer. */
const seed = seedOfRun();
const numRuns = Number(process.env['ISTHMUS_RUNS'] ?? 10);
/** How many shorter sequences are tried when one has failed: each costs up to a minute of waiting in vain. */
const shrinks = Number(process.env['ISTHMUS_SHRINKS'] ?? 6);

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

describe('whatever happens above and below', () => {
  it('both come to match, one to one', { timeout: 600_000 + numRuns * 30_000 }, async () => {
    let [runs, steps, failed] = [0, 0, 0];
    const began = performance.now();
    const property = fc.asyncProperty(
      fc.array(anyAction, { minLength: 8, maxLength: 40, size: 'max' }),
      async (actions) => {
        if (failed > shrinks) return;
        runs += 1;
        steps += actions.length;
        try {
          await runSequence(world, actions);
        } catch (error) {
          failed += 1;
          console.log(`seed ${seed}, sequence ${runs}: ${String(error)}\n${JSON.stringify(actions)}`);
          throw error;
        } finally {
          if (failed > 0) failed += 1;
        }
      },
    );
    const result = await fc.check(property, { seed, numRuns, includeErrorInReport: true });
    console.log(tallyOf(world));
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    console.log(`seed ${seed}: ${runs} sequences, ${steps} steps, ${seconds} s`);
    expect(result.failed, fc.defaultReportMessage(result)).toBe(false);
  });
});
