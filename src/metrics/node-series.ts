import type { ReflectorObserver } from '../kube/reflector.ts';
import type { CallObserver } from '../kube/transport-request.ts';
import type { QueueObserver } from '../kube/work-queue.ts';
import type { Instruments } from './instruments.ts';
import type { Direction, NodeMetrics, NodeReadings, QueueName, Side } from './node-metrics.ts';
import { Series } from './series.ts';

/** What a queue's gauges show. */
export interface QueueState {
  depth: number;
  running: number;
}

/** The series of one virtual node. */
export class NodeSeries implements NodeMetrics {
  readonly #instruments: Instruments;
  readonly #fixed: { lower_cluster: string };
  readonly #series: Series<unknown>[] = [];
  readonly #lag: Series<{ observe(seconds: number): void }>;
  readonly #onRemove: () => void;
  readonly queues = new Map<QueueName, QueueState>();
  #readings: NodeReadings | undefined;
  #removed = false;

  /** `onRemove` is called when the node goes. */
  constructor(nodeName: string, instruments: Instruments, onRemove: () => void) {
    this.#onRemove = onRemove;
    this.#instruments = instruments;
    this.#fixed = { lower_cluster: nodeName };
    this.#lag = this.#keep(new Series(instruments.lag, this.#fixed, ['direction']));
  }

  get readings(): NodeReadings | undefined {
    return this.#readings;
  }

  queue(name: QueueName): QueueObserver {
    const { reconciles, waits, durations } = this.#instruments;
    const fixed = { ...this.#fixed, queue: name };
    const state: QueueState = { depth: 0, running: 0 };
    this.queues.set(name, state);
    const results = this.#keep(new Series(reconciles, fixed, ['result']));
    const wait = this.#keep(new Series(waits, fixed));
    const duration = this.#keep(new Series(durations, fixed));
    return {
      added(depth) {
        state.depth = depth;
      },
      started: (waited, depth) => {
        state.depth = depth;
        state.running += 1;
        if (!this.#removed) wait.of().observe(waited / 1000);
      },
      ended: (took, outcome) => {
        state.running -= 1;
        if (this.#removed) return;
        duration.of().observe(took / 1000);
        results.of(outcome).inc();
      },
    };
  }

  calls(side: Side): CallObserver {
    const { calls, callDurations, limited } = this.#instruments;
    const fixed = { ...this.#fixed, side };
    const counts = this.#keep(new Series(calls, fixed, ['verb', 'code']));
    const durations = this.#keep(new Series(callDurations, fixed, ['verb']));
    const waits = this.#keep(new Series(limited, fixed));
    return {
      answered: (verb, code, duration) => {
        if (this.#removed) return;
        counts.of(verb, String(code)).inc();
        if (typeof code === 'number') durations.of(verb).observe(duration / 1000);
      },
      limited: (waited) => {
        if (!this.#removed) waits.of().inc(waited / 1000);
      },
    };
  }

  watch(side: Side, resource: string): ReflectorObserver {
    const fixed = { ...this.#fixed, side, resource };
    const restarts = this.#keep(new Series(this.#instruments.restarts, fixed, ['reason']));
    return {
      restarted: (why) => {
        if (!this.#removed) restarts.of(why).inc();
      },
    };
  }

  lag(direction: Direction, milliseconds: number): void {
    if (!this.#removed) this.#lag.of(direction).observe(milliseconds / 1000);
  }

  read(readings: NodeReadings): void {
    this.#readings = readings;
  }

  remove(): void {
    this.#removed = true;
    for (const series of this.#series) series.remove();
    this.#readings = undefined;
    this.queues.clear();
    this.#onRemove();
  }

  #keep<Child>(series: Series<Child>): Series<Child> {
    this.#series.push(series);
    return series;
  }
}
