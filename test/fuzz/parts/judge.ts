import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** No input may keep a server from everybody else for longer, in milliseconds. */
const longestHoldUp = 1_000;
/** What may be kept of inputs that are done with, in bytes of the heap. */
const mostKept = 96 * 1_048_576;
const mostMemory = 1_280 * 1_048_576;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Watches the process that clients and server share, for what no input may do to it. */
export class Judge {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 5 });
  readonly #stray: unknown[] = [];
  readonly #note = (error: unknown) => this.#stray.push(error);
  readonly #before: number;
  #cpu = process.cpuUsage();
  #holdUp = 0;
  #memory = 0;

  constructor() {
    process.on('uncaughtException', this.#note).on('unhandledRejection', this.#note);
    collectGarbage();
    this.#before = process.memoryUsage().heapUsed;
  }

  /** Some inputs are on their way. */
  begin(): void {
    this.#cpu = process.cpuUsage();
    this.#delay.reset();
    this.#delay.enable();
  }

  /** They have all ended. @throws when one has ended the process, or held it up */
  end(): void {
    this.#delay.disable();
    const { user, system } = process.cpuUsage(this.#cpu);
    // On a busy machine a process waits for its turn: that is no hold-up of its own.
    const holdUp = Math.min(this.#delay.max / 1e6, (user + system) / 1e3);
    this.#holdUp = Math.max(this.#holdUp, holdUp);
    this.#memory = Math.max(this.#memory, process.memoryUsage().rss);
    if (this.#stray.length > 0) throw new Error('it would have ended the process', { cause: this.#stray[0] });
    if (holdUp > longestHoldUp) throw new Error(`it held everything up for ${Math.round(holdUp)} ms`);
  }

  /** What was seen since the last time. @throws when memory is kept */
  settle(): { holdUp: number; memory: number } {
    collectGarbage();
    const { heapUsed } = process.memoryUsage();
    const kept = heapUsed - this.#before;
    const seen = { holdUp: this.#holdUp, memory: this.#memory };
    this.#holdUp = 0;
    this.#memory = 0;
    if (kept > mostKept) throw new Error(`${Math.round(kept / 1_048_576)} MiB were kept`);
    if (seen.memory > mostMemory) throw new Error(`it took ${Math.round(seen.memory / 1_048_576)} MiB`);
    return seen;
  }

  stop(): void {
    process.off('uncaughtException', this.#note).off('unhandledRejection', this.#note);
  }
}
