import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { Cache, type CacheEvent } from './cache.ts';
import type { Pod } from './types.ts';

function pod(name: string, uid: string, version: number, node = 'a'): Pod {
  return {
    metadata: { namespace: 'default', name, uid, resourceVersion: `${version}` },
    spec: { containers: [], nodeName: node },
  };
}

function podCache(transform?: (object: Pod) => Pod) {
  const cache = new Cache<Pod, 'node'>(
    { node: ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []) },
    transform,
  );
  const events: CacheEvent<Pod>[] = [];
  cache.subscribe((event) => events.push(event));
  return { cache, events, told: () => events.map(({ type, object }) => `${type} ${object.metadata?.uid}`) };
}

const keyIn = (name: string) => `default/${name}`;
const held = (cache: Cache<Pod, 'node'>, name: string) => cache.get(keyIn(name))?.metadata;

describe('apply', () => {
  test('takes in what is new and what is newer, and tells both states', () => {
    const { cache, events } = podCache();
    const [first, second] = [pod('x', 'u', 1), pod('x', 'u', 2, 'b')];
    cache.apply(first);
    cache.apply(second);
    expect(cache.size).toBe(1);
    expect(events).toEqual([
      { type: 'added', key: keyIn('x'), object: first },
      { type: 'updated', key: keyIn('x'), object: second, old: first },
    ]);
  });

  test('takes in nothing older, and nothing twice', () => {
    const { cache, told } = podCache();
    cache.apply(pod('x', 'u', 9));
    cache.apply(pod('x', 'u', 9));
    cache.apply(pod('x', 'u', 8));
    // As a number: as text, 10 is less than 9.
    cache.apply(pod('x', 'u', 10));
    expect(held(cache, 'x')?.resourceVersion).toBe('10');
    expect(told()).toEqual(['added u', 'updated u']);
  });

  test('takes in no answer from before the deletion', () => {
    const { cache } = podCache();
    cache.apply(pod('x', 'u', 1));
    cache.remove(pod('x', 'u', 5));
    cache.apply(pod('x', 'u', 4));
    cache.apply(pod('x', 'u', 5));
    expect(cache.size).toBe(0);
  });

  test('takes in what left the selector of a watch and is back', () => {
    const { cache, told } = podCache();
    cache.apply(pod('x', 'u', 1));
    cache.remove(pod('x', 'u', 5));
    cache.apply(pod('x', 'u', 6));
    expect(told()).toEqual(['added u', 'deleted u', 'added u']);
    expect(cache.lastSeen('u')).toBeUndefined();
  });

  test('ends the old object when another takes its name', () => {
    const { cache, told } = podCache();
    cache.apply(pod('x', 'old', 1));
    cache.apply(pod('x', 'new', 7));
    cache.apply(pod('x', 'old', 6));
    cache.remove(pod('x', 'old', 5));
    expect(held(cache, 'x')?.uid).toBe('new');
    expect(told()).toEqual(['added old', 'deleted old', 'added new']);
    expect(cache.lastSeen('old')?.metadata?.resourceVersion).toBe('5');
  });

  test('keeps no managedFields and what the transform leaves', () => {
    const { cache, events } = podCache(({ metadata }) => ({ ...(metadata ? { metadata } : {}) }));
    const big = pod('x', 'u', 1);
    big.metadata = { ...big.metadata, managedFields: [{ manager: 'kubectl' }] };
    cache.apply(big);
    expect(cache.get(keyIn('x'))).toEqual({ metadata: pod('x', 'u', 1).metadata });
    cache.remove({ ...pod('x', 'u', 2), metadata: { ...pod('x', 'u', 2).metadata, managedFields: [{}] } });
    expect(cache.lastSeen('u')).toEqual({ metadata: pod('x', 'u', 2).metadata });
    expect(events.at(-1)?.object).toEqual({ metadata: pod('x', 'u', 2).metadata });
  });

  test('tells objects without a uid apart by nothing but their name', () => {
    const { cache } = podCache();
    const bare = (name: string, version: string): Pod => ({ metadata: { name, resourceVersion: version } });
    cache.apply(bare('x', '1'));
    cache.remove(bare('x', '2'));
    cache.apply(bare('y', '1'));
    expect([...cache.entries()].map(([key]) => key)).toEqual(['y']);
  });
});

describe('remove', () => {
  test('keeps the last state for two minutes', () => {
    vi.useFakeTimers();
    // The cache takes an age that began at 0 for one without end.
    vi.advanceTimersByTime(1);
    try {
      const { cache } = podCache();
      cache.apply(pod('x', 'u', 1));
      cache.remove(pod('x', 'u', 2));
      vi.advanceTimersByTime(119_000);
      expect(cache.lastSeen('u')?.metadata?.resourceVersion).toBe('2');
      vi.advanceTimersByTime(2_000);
      expect(cache.lastSeen('u')).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  test('of what was never here tells nobody, and keeps late answers out', () => {
    const { cache, events } = podCache();
    cache.remove(pod('x', 'u', 2));
    cache.apply(pod('x', 'u', 1));
    expect(events).toEqual([]);
    expect(cache.size).toBe(0);
  });

  test('holds a bounded number of the deleted', () => {
    const { cache } = podCache();
    for (let i = 0; i < 5_000; i++) cache.remove(pod(`x${i}`, `u${i}`, i + 1));
    expect(cache.lastSeen('u0')).toBeUndefined();
    expect(cache.lastSeen('u4999')).toBeDefined();
  });
});

describe('replace', () => {
  test('makes the cache equal to the list, and tells only what changed', () => {
    const { cache, told, events } = podCache();
    for (const [i, name] of ['stays', 'changes', 'goes', 'reborn'].entries())
      cache.apply(pod(name, name, i + 1));
    events.length = 0;
    cache.replace([pod('stays', 'stays', 1), pod('changes', 'changes', 9), pod('reborn', 'again', 8)], '10');
    expect(told().sort()).toEqual(['added again', 'deleted goes', 'deleted reborn', 'updated changes']);
    expect([...cache.entries()].map(([key]) => key).sort()).toEqual(
      ['changes', 'reborn', 'stays'].map(keyIn),
    );
  });

  test('keeps what came in after the list was taken, as the watch from there will bring it', () => {
    const { cache, told } = podCache();
    cache.apply(pod('created', 'created', 11));
    cache.apply(pod('changed', 'changed', 12));
    cache.remove(pod('deleted', 'deleted', 13));
    cache.replace([pod('changed', 'changed', 5), pod('deleted', 'deleted', 6)], '10');
    expect(held(cache, 'created')?.resourceVersion).toBe('11');
    expect(held(cache, 'changed')?.resourceVersion).toBe('12');
    expect(cache.get(keyIn('deleted'))).toBeUndefined();
    cache.apply(pod('created', 'created', 11));
    expect(told()).toEqual(['added created', 'added changed']);
  });

  test('forgets what the list does not have, until something newer comes', () => {
    const { cache } = podCache();
    cache.apply(pod('x', 'u', 3));
    cache.replace([], '10');
    cache.apply(pod('x', 'u', 9));
    expect(cache.size).toBe(0);
    cache.apply(pod('x', 'u', 11));
    expect(cache.size).toBe(1);
  });

  test('without a version follows a cluster that was restored from a backup', () => {
    const { cache } = podCache();
    cache.apply(pod('x', 'x', 100));
    cache.apply(pod('later', 'later', 120));
    cache.remove(pod('gone', 'gone', 110));
    expect(cache.newest).toBe(120);
    cache.replace([pod('x', 'x', 50), pod('gone', 'gone', 40)]);
    expect(held(cache, 'x')?.resourceVersion).toBe('50');
    expect([...cache.entries()].map(([key]) => key).sort()).toEqual(['gone', 'x'].map(keyIn));
    expect(cache.newest).toBe(50);
    cache.apply(pod('x', 'x', 51));
    expect(held(cache, 'x')?.resourceVersion).toBe('51');
  });
});

describe('listeners', () => {
  test('see a complete list, not its beginning', () => {
    const { cache } = podCache();
    const sizes: number[] = [];
    cache.subscribe(() => sizes.push(cache.size));
    cache.replace([pod('x', 'x', 1), pod('y', 'y', 2), pod('z', 'z', 3)]);
    expect(sizes).toEqual([3, 3, 3]);
  });

  test('are told in the order they came, and of changes in the order they happened', () => {
    const { cache } = podCache();
    const told: string[] = [];
    cache.subscribe(({ type, object }) => {
      told.push(`first ${type} ${object.metadata?.uid}`);
      if (type === 'added' && object.metadata?.uid === 'x') cache.apply(pod('y', 'y', 2));
    });
    cache.subscribe(({ type, object }) => told.push(`second ${type} ${object.metadata?.uid}`));
    cache.apply(pod('x', 'x', 1));
    expect(told).toEqual(['first added x', 'second added x', 'first added y', 'second added y']);
  });

  test('that throw keep neither the others nor the cache from the change', () => {
    const cache = new Cache<Pod>({});
    const told: string[] = [];
    cache.subscribe(() => {
      throw new Error('listener');
    });
    cache.subscribe(({ key: changed }) => told.push(changed));
    expect(() => cache.replace([pod('x', 'x', 1), pod('y', 'y', 2)])).toThrow('listener');
    expect(told).toEqual(['x', 'y'].map(keyIn));
    expect(() => cache.apply(pod('z', 'z', 3))).toThrow('listener');
    expect(cache.size).toBe(3);
  });
});

/** One step in the life of a cluster's objects, as watch, lists and answers bring them, out of order too. */
const step = fc.record({
  call: fc.constantFrom('apply', 'apply', 'apply', 'remove', 'replace'),
  name: fc.constantFrom('x', 'y', 'z'),
  uid: fc.constantFrom('1', '2'),
  version: fc.integer({ min: 1, max: 30 }),
  node: fc.constantFrom('a', 'b', ''),
});

test('indexes and events agree with the objects after any sequence of changes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { cache, events } = podCache(Object.freeze);
      for (const { call, name, uid, version, node } of steps) {
        const object = pod(name, name + uid, version, node);
        const before = cache.get(keyIn(name));
        if (call === 'replace') cache.replace([object], version % 2 ? `${version}` : undefined);
        else cache[call as 'apply' | 'remove'](object);
        const after = cache.get(keyIn(name));
        if (call === 'apply' && before && after)
          expect(Number(after.metadata?.resourceVersion)).toBeGreaterThanOrEqual(
            Number(before.metadata?.resourceVersion),
          );
      }
      // Replaying the events gives the objects.
      const replayed = new Map<string, Pod>();
      for (const event of events) {
        if (event.type === 'updated') expect(replayed.get(event.key)).toBe(event.old);
        else expect(replayed.has(event.key)).toBe(event.type === 'deleted');
        if (event.type === 'deleted') replayed.delete(event.key);
        else replayed.set(event.key, event.object);
      }
      expect([...cache.values()].sort()).toEqual([...replayed.values()].sort());
      // The index has every object under its value, and nothing else.
      for (const value of ['a', 'b', '']) {
        const expected = [...cache.values()].filter(({ spec }) => value !== '' && spec?.nodeName === value);
        expect([...cache.by('node', value)].map(({ metadata }) => metadata?.uid).sort()).toEqual(
          expected.map(({ metadata }) => metadata?.uid).sort(),
        );
        expect(cache.keysBy('node', value).size).toBe(expected.length);
      }
    }),
    { numRuns: 300 },
  );
});
