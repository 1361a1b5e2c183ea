import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../../src/kube/errors.ts';
import { keepEvidence } from './evidence.ts';
import { allFaults } from './faults/all.ts';
import { beginJournal, type Journal } from './journal.ts';
import { type History, watchHistory } from './judge/history.ts';
import { completedTwice } from './judge/notes.ts';
import { judgePrograms } from './judge/programs.ts';
import { type Settling, settle } from './judge/settle.ts';
import { judgeStorage } from './judge/storage.ts';
import { randomOf } from './random.ts';
import { deckOf, drawRound, type Planned } from './schedule.ts';
import { moveOn } from './workload/lives.ts';
import { startWorkload } from './workload/workload.ts';
import { type ChaosWorld, openWorld } from './world.ts';

export interface ChaosOptions {
  /** Everything that is drawn is drawn from it. */
  readonly seed: number;
  /** No round begins after this time, in minutes. */
  readonly minutes: number;
  /** Kinds of faults to draw from; all by default. */
  readonly only?: readonly string[];
  readonly say: (line: string) => void;
}

/** What a run has come to. */
export interface ChaosOutcome {
  /** What was wrong, in words; empty when every invariant was kept. */
  readonly breaches: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly settlings: readonly Settling[];
  /** States of pods that were looked at, and how many pods there were on each side. */
  readonly states: number;
  readonly pods: { readonly above: number; readonly below: number };
  readonly steps: ReadonlyMap<string, { done: number; failed: number }>;
  /** The end of the journal, for whoever reads why it failed. */
  readonly last: readonly string[];
}

/** How long faults begin in a round, in seconds, and how many there are at a time. */
const round = { seconds: 30, lanes: 2 };

/** How long statuses may differ once all nodes are Ready, in milliseconds: ten seconds, on a machine three times slower. */
const longestStatuses = 30_000;

/** Runs rounds of faults over a workload that never stops but to be compared, until time is up or something is wrong. */
export async function runChaos({ seed, minutes, only, say }: ChaosOptions): Promise<ChaosOutcome> {
  // The workload draws when it can, the faults in their order: with numbers of their own a seed repeats them.
  const random = randomOf(seed);
  const world = await openWorld(randomOf(seed + 1));
  const journal = beginJournal(say);
  const history = await watchHistory(world);
  const faults = allFaults.filter(({ kind }) => only?.includes(kind) ?? true);
  const deck = deckOf(faults, random);
  const settlings: Settling[] = [];
  const played = world.members.filter(({ hasKubelet }) => !hasKubelet);
  try {
    await moveOn(world, played);
    const workload = await startWorkload(world);
    const breaches: string[] = [];
    const judge = judgeOf(world, history, journal);
    // What programs hold before anything has failed is what they must come back to.
    await workload.pause();
    const first = await judge();
    breaches.push(...first.breaches);
    workload.resume();
    const end = performance.now() + minutes * 60_000;
    while (breaches.length === 0 && performance.now() < end) {
      const planned = drawRound(deck, random, { ...round, targets: (fault) => fault.targets(world) });
      await Promise.all(planned.map((one) => happen(world, journal, one, breaches)));
      await workload.pause();
      for (const program of world.programs) await program.start();
      const { settling, breaches: found } = await judge();
      settlings.push(settling);
      breaches.push(...found);
      if (breaches.length > 0) break;
      await moveOn(world, played);
      workload.resume();
    }
    if (breaches.length > 0)
      journal.note(`what the programs said is kept in ${await keepEvidence(world, seed)}`);
    await workload.stop();
    const { states, pods } = history;
    const { counts } = journal;
    return { breaches, counts, settlings, states, pods, steps: workload.counts, last: journal.last(30) };
  } finally {
    await history.stop();
    await world.close();
  }
}

/** Lets one fault come and go. */
async function happen(
  world: ChaosWorld,
  journal: Journal,
  { fault, target, at, seconds, seed }: Planned,
  breaches: string[],
): Promise<void> {
  await sleep(at * 1_000);
  try {
    const { what, end } = await fault.begin(world, target, randomOf(seed));
    journal.note(`${fault.kind}: ${what}, for ${seconds} s`);
    journal.count(fault.kind);
    await sleep(seconds * 1_000);
    await end();
    journal.note(`${fault.kind}: ${target} is put right`);
  } catch (error) {
    breaches.push(`${fault.kind} of ${target} went wrong itself: ${describeError(error)}`);
  }
}

/** Waits until all has settled, and says all that is or ever was wrong. */
function judgeOf(world: ChaosWorld, history: History, journal: Journal) {
  const [programs, storage] = [judgePrograms(world), judgeStorage(world)];
  return async () => {
    const settling = await settle(world);
    const { ready, matched, statuses, longest, pairs, comparisons } = settling;
    const breaches = [
      ...settling.faults,
      ...(statuses > longestStatuses
        ? [`statuses took ${statuses.toFixed(0)} ms to be those below: ${settling.lastStatus}`]
        : []),
      ...(await storage()),
      ...(await programs.judge()),
      ...history.breaches,
      ...completedTwice(world),
      ...world.programs.flatMap((program) => program.breaches),
    ];
    journal.note(
      `settled: all ready after ${ready.toFixed(0)} ms, statuses ${statuses.toFixed(0)} ms and all ${matched.toFixed(0)} ms later; ` +
        `${pairs} pods compared ${comparisons} times; at most ${programs.most}; last was: ${longest.slice(0, 200)}`,
    );
    return { settling, breaches };
  };
}
