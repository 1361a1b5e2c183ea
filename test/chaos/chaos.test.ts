import { describe, expect, it } from 'vitest';
import { seedOfRun } from '../seed.ts';
import { reportOf } from './report.ts';
import { runChaos } from './run.ts';

/** `hack/chaos.sh` sets them. */
const seed = seedOfRun();
const minutes = Number(process.env['ISTHMUS_MINUTES'] ?? 0.5);
const only = process.env['ISTHMUS_FAULTS']?.split(',');

describe('whatever fails', () => {
  it('every invariant is kept', { timeout: (minutes + 10) * 60_000 }, async () => {
    console.log(`seed ${seed}, ${minutes} minutes`);
    const outcome = await runChaos({ seed, minutes, ...(only && { only }), say: console.log });
    console.log(reportOf(outcome));
    const repeat = `hack/chaos.sh --minutes ${minutes} --seed ${seed}`;
    expect(outcome.breaches, `${repeat} repeats it; the last faults:\n${outcome.last.join('\n')}`).toEqual(
      [],
    );
  });
});
