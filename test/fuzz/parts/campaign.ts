import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { inject } from 'vitest';
import { Judge } from './judge.ts';
import { type Counted, leaveTally } from './tally.ts';

/** Inputs of one kind, and what is done with each. */
export interface Kind<Input> {
  readonly name: string;
  /** How many of 100,000. */
  readonly share: number;
  readonly inputs: fc.Arbitrary<Input>;
  /** How many are on their way at once; a dozen unless told. */
  readonly atOnce?: number;
  /** After how many it is judged; a hundred unless told. */
  readonly batch?: number;
  /** Throws one. Resolves with how it ended, in a word. @throws when it ended as nothing may */
  readonly send: (input: Input, index: number) => string | Promise<string>;
}

/** The same with its type of input taken away, so that a target may have several. */
export interface AnyKind {
  readonly name: string;
  readonly share: number;
  run(options: { seed: number; times: number; judge: Judge; well: () => Promise<void> }): Promise<Counts>;
}

type Counts = Record<string, number>;

/** A kind as {@link campaign} takes it. */
export function kind<Input>({ inputs, send, atOnce = 12, batch = 100, ...kind }: Kind<Input>): AnyKind {
  return {
    ...kind,
    async run({ seed, times, judge, well }) {
      const endings: Counts = {};
      for (let done = 0; done < times; done += batch) {
        const drawn = fc.sample(inputs, { seed: seed + done, numRuns: Math.min(batch, times - done) });
        const waiting = drawn.entries();
        const work = async () => {
          for (const [index, input] of waiting) {
            const ending = await told(() => send(input, done + index), input);
            endings[ending] = (endings[ending] ?? 0) + 1;
            // What takes no time by itself must not look long together.
            await turn();
          }
        };
        judge.begin();
        await Promise.all(Array.from({ length: atOnce }, work));
        await told(async () => judge.end(), drawn);
        await told(well, drawn);
      }
      return endings;
    },
  };
}

/** Throws all kinds at one target, one after the other, and counts. */
export async function campaign(
  target: string,
  kinds: readonly AnyKind[],
  well: () => Promise<void> = async () => {},
): Promise<void> {
  const seed = inject('fuzzSeed');
  const counted: Counted[] = [];
  const judge = new Judge();
  try {
    for (const { name, share, run } of kinds) {
      const began = performance.now();
      const times = Math.max(1, Math.round((share * inject('fuzzInputs')) / 100_000));
      const endings = await run({ seed, times, judge, well }).catch((cause: unknown) => {
        throw new Error(`${target}, ${name}, ISTHMUS_SEED=${seed}`, { cause });
      });
      const inputs = Object.values(endings).reduce((sum, times) => sum + times, 0);
      const seconds = (performance.now() - began) / 1_000;
      counted.push({ target, kind: name, inputs, endings, seconds, ...judge.settle() });
    }
  } finally {
    judge.stop();
    leaveTally(inject('fuzzFolder'), target, counted);
  }
}

const longestShown = 1_500;

/** Says with which input something failed. */
async function told<T>(act: () => T | Promise<T>, input: unknown): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new Error(`with ${(JSON.stringify(input) ?? String(input)).slice(0, longestShown)}`, { cause });
  }
}
