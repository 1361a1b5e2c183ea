import { setTimeout as sleep } from 'node:timers/promises';

/** A part of the workload that does one small thing after the other, for ever. */
export interface Stream {
  readonly name: string;
  /** Milliseconds between two steps. */
  readonly every: number;
  /** May fail: an API server may be away. */
  step(): Promise<void>;
}

/** A workload that is under way. */
export interface Workload {
  /** How many steps each stream did, and how many failed. */
  readonly counts: ReadonlyMap<string, { done: number; failed: number }>;
  /** Resolves when no step is under way any more; none begins before `resume`. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

/** Lets streams flow; none waits for another. A step that hangs for longer than a minute is a failure of the suite. */
export function flow(streams: readonly Stream[]): Workload {
  const counts = new Map(streams.map(({ name }) => [name, { done: 0, failed: 0 }]));
  let [isPaused, isOver, underWay] = [false, false, 0];
  const run = async ({ name, every, step }: Stream) => {
    while (!isOver) {
      if (!isPaused) {
        underWay += 1;
        const count = counts.get(name) ?? { done: 0, failed: 0 };
        try {
          await step();
          count.done += 1;
        } catch {
          count.failed += 1;
        }
        underWay -= 1;
      }
      await sleep(every);
    }
  };
  const running = streams.map(run);
  const rest = async () => {
    for (const end = Date.now() + 60_000; underWay > 0; ) {
      if (Date.now() > end) throw new Error(`${underWay} steps of the workload hang`);
      await sleep(20);
    }
  };
  return {
    counts,
    async pause() {
      isPaused = true;
      await rest();
    },
    resume() {
      isPaused = false;
    },
    async stop() {
      isOver = true;
      await Promise.all(running);
    },
  };
}
