import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addUsage, noUsage, type PodUsage, type UsageState } from './usage.ts';

const all = () => true;
const usage = (figures: Record<string, PodUsage>) => new Map(Object.entries(figures));

/** What the total has grown by. */
function grown(state: UsageState, from: UsageState = noUsage): number {
  return Number((state.cpuSeconds - from.cpuSeconds).toFixed(6));
}

describe('the usage of a node', () => {
  it('is the sum of its pods, at the time of the newest', () => {
    const pods = usage({
      'a/1': { cpuSeconds: 3, workingSetBytes: 100, timestamp: 1_000 },
      'a/2': { cpuSeconds: 4, workingSetBytes: 200, timestamp: 1_500 },
    });
    const { node } = addUsage(noUsage, pods, all, 9_000);
    expect(node).toEqual({ cpuSeconds: 7 + 1e-9, workingSetBytes: 300, timestamp: 1_500 });
  });

  it('is never zero: metrics-server would drop the node', () => {
    const { node } = addUsage(noUsage, new Map(), all, 9_000);
    expect(Math.floor(node.cpuSeconds * 1e9)).toBeGreaterThan(0);
    expect(node.workingSetBytes).toBeGreaterThan(0);
    expect(node.timestamp).toBe(9_000);
  });

  it('keeps what a pod has used that is gone, and counts its successor from the start', () => {
    const before = addUsage(noUsage, usage({ 'a/1': { cpuSeconds: 10 } }), all, 1).state;
    const gone = addUsage(before, new Map(), () => false, 2).state;
    expect(grown(gone)).toBe(10);
    expect(grown(addUsage(gone, usage({ 'a/1': { cpuSeconds: 12 } }), all, 3).state)).toBe(22);
  });

  it('counts on where a counter began anew', () => {
    const before = addUsage(noUsage, usage({ 'a/1': { cpuSeconds: 10 } }), all, 1).state;
    expect(grown(addUsage(before, usage({ 'a/1': { cpuSeconds: 2 } }), all, 2).state)).toBe(12);
  });

  it('does not count twice what was missing for a moment', () => {
    const before = addUsage(noUsage, usage({ 'a/1': { cpuSeconds: 10 } }), all, 1).state;
    const missing = addUsage(before, new Map(), all, 2).state;
    expect(grown(addUsage(missing, usage({ 'a/1': { cpuSeconds: 11 } }), all, 3).state)).toBe(11);
  });

  it('never goes backward, in CPU or in time', () => {
    const figures = fc.record({
      cpuSeconds: fc.option(fc.float({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
      timestamp: fc.option(fc.nat(), { nil: undefined }),
    });
    const step = fc.record({
      usage: fc.dictionary(fc.constantFrom('a/1', 'a/2', 'a/3'), figures),
      existing: fc.subarray(['a/1', 'a/2', 'a/3']),
      now: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let state = noUsage;
        for (const { usage: pods, existing, now } of steps) {
          const next = addUsage(state, usage(pods), (pod) => existing.includes(pod), now).state;
          expect(next.cpuSeconds).toBeGreaterThanOrEqual(state.cpuSeconds);
          expect(next.timestamp).toBeGreaterThanOrEqual(state.timestamp);
          state = next;
        }
      }),
    );
  });
});
