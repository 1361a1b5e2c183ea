import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deferred } from './deferred.ts';
import { KubeError } from './errors.ts';
import { type QueueObserver, type ReconcileResult, WorkQueue } from './work-queue.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const backoff = { first: 100, most: 1_000, random: () => 1 };

/** A queue that notes what it did; `work` may be replaced between. */
function queueOf(workers = 2) {
  const done: string[] = [];
  const errors: string[] = [];
  const state: { work: (key: string) => Promise<ReconcileResult> } = { work: async () => undefined };
  const queue = new WorkQueue({
    workers,
    backoff,
    reconcile: (key) => {
      done.push(key);
      return state.work(key);
    },
    onError: (key, error) => errors.push(`${key}: ${(error as Error).message}`),
  });
  return { queue, done, errors, state };
}

describe('add', () => {
  test('waits for the start, and does each key once', async () => {
    const { queue, done } = queueOf();
    queue.add('a');
    queue.add('b');
    queue.add('a');
    await settle();
    expect(done).toEqual([]);
    expect(queue.depth).toBe(2);
    queue.start();
    await settle();
    expect(done).toEqual(['a', 'b']);
    expect(queue.depth).toBe(0);
  });

  test('does nothing before its caller has finished, and then once', async () => {
    const { queue, done } = queueOf();
    queue.start();
    queue.add('a');
    queue.add('a');
    expect(done).toEqual([]);
    await settle();
    expect(done).toEqual(['a']);
  });

  test('of a key under way does it once more, however often it came', async () => {
    const { queue, done, state } = queueOf();
    const gate = deferred();
    state.work = () => gate.promise as Promise<undefined>;
    queue.start();
    queue.add('a');
    await settle();
    for (let i = 0; i < 5; i++) queue.add('a');
    await settle();
    expect(done).toEqual(['a']);
    gate.resolve();
    await settle();
    expect(done).toEqual(['a', 'a']);
  });

  test('keeps as many under way as there are workers, in the order they came', async () => {
    const { queue, done, state } = queueOf(3);
    const gates = new Map<string, ReturnType<typeof deferred>>();
    state.work = async (key) => {
      const gate = deferred();
      gates.set(key, gate);
      await gate.promise;
      return undefined;
    };
    queue.start();
    for (const key of 'abcdef') queue.add(key);
    await settle();
    expect(done.join('')).toBe('abc');
    gates.get('b')?.resolve();
    await settle();
    expect(done.join('')).toBe('abcd');
  });
});

describe('a failure', () => {
  test.each([
    ['ServerError', 8_000],
    ['Unreachable', 8_000],
    ['Conflict', 8_000],
    ['Invalid', 30_000],
  ] as const)('of kind %s is tried again after %i ms at most', async (code, most) => {
    const times: number[] = [];
    const reconcile = async () => {
      times.push(Date.now());
      throw new KubeError(code, 'said the server');
    };
    const queue = new WorkQueue({
      workers: 1,
      reconcile,
      backoff: { first: 50, most: 30_000, random: () => 1 },
    });
    queue.start();
    queue.add('a');
    await vi.advanceTimersByTimeAsync(600_000);
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.max(...pauses)).toBe(most);
    await queue.stop();
  });

  test('brings the key back after a delay that doubles, and a success forgets it', async () => {
    const { queue, done, errors, state } = queueOf();
    state.work = () => Promise.reject(new Error('no'));
    queue.start();
    queue.add('a');
    await settle();
    for (const [delay, times] of [
      [100, 2],
      [200, 3],
      [400, 4],
      [800, 5],
      [1_000, 6],
      [1_000, 7],
    ] as const) {
      await vi.advanceTimersByTimeAsync(delay - 1);
      expect(done).toHaveLength(times - 1);
      await vi.advanceTimersByTimeAsync(1);
      expect(done).toHaveLength(times);
    }
    expect(errors[0]).toBe('a: no');
    state.work = async () => undefined;
    queue.add('a');
    await settle();
    state.work = () => Promise.reject(new Error('no'));
    queue.add('a');
    await settle();
    expect(done).toHaveLength(9);
    await vi.advanceTimersByTimeAsync(100);
    expect(done).toHaveLength(10);
  });

  test('that is thrown rather than rejected is one too', async () => {
    const { queue, errors, state } = queueOf();
    state.work = () => {
      throw new Error('thrown');
    };
    queue.start();
    queue.add('a');
    await settle();
    expect(errors).toEqual(['a: thrown']);
    await queue.stop();
  });

  test('of one key does not hold up another, and adding the key brings it back at once', async () => {
    const { queue, done, state } = queueOf(1);
    state.work = (key) => (key === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve(undefined));
    queue.start();
    queue.add('bad');
    queue.add('good');
    await settle();
    expect(done).toEqual(['bad', 'good']);
    queue.add('bad');
    await settle();
    expect(done).toEqual(['bad', 'good', 'bad']);
  });

  test('whose own writes add the key again keeps its pause', async () => {
    const { queue, done, state } = queueOf();
    state.work = async (key) => {
      queue.add(key);
      throw new Error('refused, after something was written');
    };
    queue.start();
    queue.add('a');
    await settle();
    expect(done).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(100);
    expect(done).toEqual(['a', 'a']);
    await queue.stop();
  });
});

describe('addAfter', () => {
  test('the earliest wins', async () => {
    const { queue, done } = queueOf();
    queue.start();
    queue.addAfter('a', 500);
    queue.addAfter('a', 200);
    queue.addAfter('a', 900);
    await vi.advanceTimersByTimeAsync(199);
    expect(done).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(done).toEqual(['a']);
  });

  test('is forgotten when the key has its turn earlier', async () => {
    const { queue, done } = queueOf();
    queue.start();
    queue.addAfter('a', 500);
    queue.add('a');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(done).toEqual(['a']);
  });

  test('is what a result asks for', async () => {
    const { queue, done, state } = queueOf();
    state.work = async () => (done.length < 3 ? { requeueAfter: 1_000 } : undefined);
    queue.start();
    queue.add('a');
    await vi.advanceTimersByTimeAsync(1_999);
    expect(done).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(done).toHaveLength(3);
  });

  test('of a month is not at once, as timers of Node would have it', async () => {
    const { queue } = queueOf();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    queue.addAfter('a', 30 * 86_400_000);
    expect(timers.mock.lastCall?.[1]).toBe(2 ** 31 - 1);
    await queue.stop();
  });
});

describe('stop', () => {
  test('waits for what is under way, does nothing more and leaves no timer', async () => {
    const { queue, done, state } = queueOf(1);
    const gate = deferred();
    state.work = async () => {
      await gate.promise;
      throw new Error('late');
    };
    queue.start();
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 10);
    await settle();
    queue.add('a');
    let stopped = false;
    const stopping = Promise.all([queue.stop(), queue.stop()]).then(() => {
      stopped = true;
    });
    queue.add('d');
    queue.addAfter('e', 1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(stopped).toBe(false);
    gate.resolve();
    await stopping;
    expect(done).toEqual(['a']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of a queue without work, or never started, resolves', async () => {
    const { queue, done } = queueOf();
    queue.add('a');
    await queue.stop();
    queue.start();
    await settle();
    expect(done).toEqual([]);
  });
});

test('never does a key twice at once, and ends with every key done after its last addition', async () => {
  vi.useRealTimers();
  const command = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    delay: fc.constantFrom(undefined, 0, 1, 3),
    pause: fc.constantFrom(0, 1),
    takes: fc.integer({ min: 0, max: 3 }),
    fails: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { maxLength: 15 }),
      fc.integer({ min: 1, max: 3 }),
      async (commands, workers) => {
        const underWay = new Set<string>();
        const wanted = new Set<string>();
        const plan = [...commands];
        const queue = new WorkQueue({
          workers,
          backoff: { first: 1, most: 4 },
          reconcile: async (key) => {
            expect(underWay.has(key)).toBe(false);
            underWay.add(key);
            wanted.delete(key);
            expect(underWay.size).toBeLessThanOrEqual(workers);
            const { takes = 0, fails = false } = plan.pop() ?? {};
            if (takes > 0) await new Promise((resolve) => setTimeout(resolve, takes));
            underWay.delete(key);
            if (!fails) return undefined;
            wanted.add(key);
            throw new Error('again');
          },
        });
        queue.start();
        for (const { key, delay, pause } of commands) {
          wanted.add(key);
          if (delay === undefined) queue.add(key);
          else queue.addAfter(key, delay);
          if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
        }
        await vi.waitUntil(() => wanted.size === 0 && underWay.size === 0, { timeout: 2_000, interval: 1 });
        await queue.stop();
      },
    ),
    { numRuns: 40 },
  );
}, 30_000);

describe('an observer', () => {
  test('is told of waits, depths and outcomes', async () => {
    const told: unknown[] = [];
    const observer: QueueObserver = {
      added: (depth) => told.push(['added', depth]),
      started: (waited, depth) => told.push(['started', waited, depth]),
      ended: (duration, outcome) => told.push(['ended', duration, outcome]),
    };
    const results: Record<string, () => ReconcileResult> = {
      a: () => undefined,
      b: () => ({ requeueAfter: 60_000 }),
      c: () => {
        throw new Error('no');
      },
    };
    const reconcile = async (key: string) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return results[key]?.();
    };
    const queue = new WorkQueue({ workers: 1, reconcile, backoff, observer });
    for (const key of ['a', 'a', 'b', 'c']) queue.add(key);
    await vi.advanceTimersByTimeAsync(100);
    queue.start();
    await vi.advanceTimersByTimeAsync(30);
    expect(told).toEqual([
      ['added', 1],
      ['added', 2],
      ['added', 3],
      ['started', 100, 2],
      ['ended', 10, 'done'],
      ['started', 110, 1],
      ['ended', 10, 'again'],
      ['started', 120, 0],
      ['ended', 10, 'failed'],
    ]);
    await queue.stop();
  });

  test('counts the wait of a key that came while it was under way from when it could begin', async () => {
    const waits: number[] = [];
    const gate = deferred();
    const queue = new WorkQueue({
      workers: 1,
      reconcile: () => gate.promise.then(() => undefined),
      observer: { added() {}, started: (waited) => waits.push(waited), ended() {} },
    });
    queue.start();
    queue.add('a');
    await settle();
    queue.add('a');
    await vi.advanceTimersByTimeAsync(1_000);
    gate.resolve();
    await settle();
    expect(waits).toEqual([0, 0]);
  });
});
