import { beforeEach, describe, expect, test } from 'vitest';
import { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { KubeError, type KubeErrorCode } from '../../kube/errors.ts';
import type { Event, Pod } from '../../kube/types.ts';
import { isOurs, marks } from '../../translate/marks.ts';
import { owner } from '../../translate/test-objects.ts';
import { LowerEvents } from './lower-events.ts';

const start = Date.parse('2026-01-02T03:00:00Z');
const key = 'shop/web-0.18a';

/** LowerEvents between two caches, with the two calls it makes above written down. */
class Scene {
  readonly upperPods = new Cache<Pod>({});
  readonly lowerPods = new Cache<Pod>({});
  readonly created: Event[] = [];
  readonly patched: { name: string; patch: object }[] = [];
  /** The calls made above, in order, also those that failed. */
  readonly calls: ('create' | 'get' | 'patch')[] = [];
  readonly queued: string[] = [];
  now = start;
  /** What the next call of a kind fails with, once. */
  fail: { create?: KubeErrorCode; get?: KubeErrorCode; patch?: KubeErrorCode } = {};
  /** What the upper cluster has of the event when it is asked. */
  above: Partial<Event> = {};
  readonly refused: string[] = [];
  isBusy = false;
  readonly events = this.#observer();

  constructor() {
    this.upperPods.apply(pod('web-0', 'upper-uid', {}));
    this.lowerPods.apply(pod('web-0', 'lower-uid', marks(owner, 'upper-uid')));
  }

  /** Another provider on the same clusters, that remembers nothing. */
  restarted(): LowerEvents {
    return this.#observer();
  }

  #observer(): LowerEvents {
    return new LowerEvents({
      upper: this.#client(),
      upperPod: (podKey) => this.upperPods.get(podKey),
      lowerPod: (podKey) => {
        const found = this.lowerPods.get(podKey);
        return found && isOurs(found, owner) ? found : undefined;
      },
      queue: { add: (eventKey) => this.queued.push(eventKey) },
      now: () => this.now,
      isBusy: () => this.isBusy,
      onRefused: (message) => this.refused.push(message),
    });
  }

  #client(): Client {
    const answer = (call: 'create' | 'get' | 'patch') => {
      this.calls.push(call);
      const code = this.fail[call];
      delete this.fail[call];
      if (code) throw new KubeError(code, 'refused');
    };
    const calls = {
      create: async (_: unknown, event: Event) => {
        answer('create');
        this.created.push(event);
        return event;
      },
      get: async () => {
        answer('get');
        return this.above;
      },
      patch: async (_: unknown, { name }: { name: string }, patch: object) => {
        answer('patch');
        this.patched.push({ name, patch });
        return {};
      },
    };
    return calls as unknown as Client;
  }
}

let version = 0;

function pod(name: string, uid: string, metadata: object): Pod {
  version += 1;
  return { metadata: { name, namespace: 'shop', uid, resourceVersion: `${version}`, ...metadata } };
}

function event(count = 1, parts: { name?: string; uid?: string; pod?: string; at?: number } = {}): Event {
  const time = new Date(parts.at ?? start).toISOString();
  return {
    metadata: { name: parts.name ?? 'web-0.18a', namespace: 'shop' },
    involvedObject: {
      kind: 'Pod',
      namespace: 'shop',
      name: parts.pod ?? 'web-0',
      uid: parts.uid ?? 'lower-uid',
    },
    reason: 'BackOff',
    message: 'again',
    type: 'Warning',
    count,
    firstTimestamp: time,
    lastTimestamp: time,
  };
}

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});

describe('an event of a lower pod', () => {
  test('is written above about the upper pod, once', async () => {
    scene.events.apply(event());
    expect(scene.queued).toEqual([key]);
    await scene.events.reconcile(key);
    await scene.events.reconcile(key);
    expect(scene.created).toEqual([
      expect.objectContaining({
        reason: 'BackOff',
        message: 'again',
        involvedObject: expect.objectContaining({ name: 'web-0', uid: 'upper-uid' }),
      }),
    ]);
    expect(scene.patched).toEqual([]);
  });

  test('waits a moment for the answer to the creation of its pod', async () => {
    scene.lowerPods.remove(pod('web-0', 'lower-uid', {}));
    scene.events.apply(event());
    expect(await scene.events.reconcile(key)).toEqual({ requeueAfter: expect.any(Number) });
    scene.lowerPods.apply(pod('web-0', 'lower-uid', marks(owner, 'upper-uid')));
    expect(await scene.events.reconcile(key)).toBeUndefined();
    expect(scene.created).toHaveLength(1);
  });

  test.each<[string, () => void]>([
    ['no pod of ours comes', () => {}],
    ['another comes', () => scene.lowerPods.apply(pod('web-0', 'next-uid', marks(owner, 'upper-uid')))],
  ])('is let go when %s', async (_, change) => {
    scene.lowerPods.remove(pod('web-0', 'lower-uid', {}));
    scene.events.apply(event());
    await scene.events.reconcile(key);
    change();
    scene.now += 6_000;
    expect(await scene.events.reconcile(key)).toBeUndefined();
    expect(scene.created).toEqual([]);
  });

  test('waits while many pods are worked on, but not for ever', async () => {
    scene.isBusy = true;
    scene.events.apply(event());
    expect(await scene.events.reconcile(key)).toEqual({ requeueAfter: expect.any(Number) });
    expect(scene.created).toEqual([]);
    scene.now += 60_000;
    expect(await scene.events.reconcile(key)).toBeUndefined();
    expect(scene.created).toHaveLength(1);
  });

  test.each<[string, Event]>([
    ['of an earlier pod of the name', event(1, { uid: 'former-uid' })],
    ['of a pod that is not ours', event(1, { pod: 'theirs', uid: 'their-uid' })],
    ['of a pod that is not there', event(1, { pod: 'gone', uid: 'gone-uid' })],
    ['that is older than two minutes', event(1, { at: start - 121_000 })],
    ['without a time', { ...event(), lastTimestamp: 'never', firstTimestamp: 'never' }],
  ])('%s is let go', async (_, news) => {
    scene.lowerPods.apply(pod('theirs', 'their-uid', {}));
    scene.events.apply(news);
    expect(scene.queued).toEqual([]);
    await scene.events.reconcile(`shop/${news.metadata.name}`);
    expect(scene.created).toEqual([]);
  });

  test.each<[string, () => void]>([
    ['the upper pod has gone', () => scene.upperPods.remove(pod('web-0', 'upper-uid', {}))],
    ['the upper pod is another of the name', () => scene.upperPods.apply(pod('web-0', 'next-uid', {}))],
  ])('is let go when %s before its turn', async (_, change) => {
    scene.events.apply(event());
    change();
    await expect(scene.events.reconcile(key)).resolves.toBeUndefined();
    expect(scene.created).toEqual([]);
  });

  test('comes again after a watch was made anew, and changes little', async () => {
    scene.events.replace([event(), event(1, { name: 'web-0.18b' })]);
    expect(scene.queued).toEqual([key, 'shop/web-0.18b']);
    scene.events.remove();
  });
});

describe('a repetition', () => {
  beforeEach(async () => {
    scene.events.apply(event());
    await scene.events.reconcile(key);
  });

  const repeat = async (count: number) => {
    scene.events.apply(event(count, { at: scene.now }));
    return scene.events.reconcile(key);
  };

  test('waits its time, and then only the newest is written', async () => {
    scene.now += 10_000;
    expect(await repeat(2)).toEqual({ requeueAfter: 20_000 });
    expect(await repeat(3)).toEqual({ requeueAfter: 20_000 });
    scene.now += 20_000;
    expect(await scene.events.reconcile(key)).toBeUndefined();
    expect(scene.patched).toEqual([
      { name: 'web-0.18a', patch: expect.objectContaining({ count: 3, message: 'again' }) },
    ]);
    expect(scene.created).toHaveLength(1);
  });

  test('is written anew when the first has lived out its hour above', async () => {
    scene.now += 60_000;
    scene.fail = { patch: 'NotFound' };
    await repeat(2);
    expect([scene.created.length, scene.patched.length]).toEqual([1, 0]);
    await repeat(3);
    expect(scene.created[1]).toMatchObject({ count: 3 });
  });

  test('is tried again when the write failed', async () => {
    scene.now += 60_000;
    scene.fail = { patch: 'Unreachable' };
    await expect(repeat(2)).rejects.toThrow('refused');
    scene.fail = { create: 'AlreadyExists' };
    await scene.events.reconcile(key);
    expect(scene.patched).toEqual([{ name: 'web-0.18a', patch: expect.objectContaining({ count: 2 }) }]);
  });

  test('after a restart meets what was written before', async () => {
    const again = scene.restarted();
    scene.fail = { create: 'AlreadyExists' };
    again.apply(event(4));
    await again.reconcile(key);
    expect(scene.patched).toEqual([{ name: 'web-0.18a', patch: expect.objectContaining({ count: 4 }) }]);
  });
});

describe('after a restart', () => {
  beforeEach(async () => {
    scene.events.apply(event(2));
    await scene.events.reconcile(key);
    scene.above = scene.created[0] ?? {};
    scene.fail = { create: 'AlreadyExists' };
  });

  test('what is above already is not written again', async () => {
    const again = scene.restarted();
    again.replace([event(2)]);
    await again.reconcile(key);
    await again.reconcile(key);
    expect(scene.patched).toEqual([]);
    scene.now += 60_000;
    again.apply(event(3, { at: scene.now }));
    await again.reconcile(key);
    expect(scene.patched).toHaveLength(1);
  });

  test('no attempt is made to write what is above already: it is read first', async () => {
    scene.calls.length = 0;
    const again = scene.restarted();
    again.replace([event(2)]);
    await again.reconcile(key);
    expect(scene.calls).toEqual(['get']);
  });

  test('what came while nobody looked is written', async () => {
    scene.calls.length = 0;
    scene.fail = { get: 'NotFound' };
    const again = scene.restarted();
    again.replace([event(2)]);
    await again.reconcile(key);
    expect(scene.calls).toEqual(['get', 'create']);
    expect(scene.created).toHaveLength(2);
  });

  test('what was repeated while nobody looked is brought up to date', async () => {
    scene.calls.length = 0;
    const again = scene.restarted();
    again.replace([event(5)]);
    await again.reconcile(key);
    expect(scene.calls).toEqual(['get', 'patch']);
    expect(scene.patched).toEqual([{ name: 'web-0.18a', patch: expect.objectContaining({ count: 5 }) }]);
  });

  test('a list in the same life writes nothing anew either', async () => {
    scene.now += 60_000;
    scene.calls.length = 0;
    scene.events.replace([event(2)]);
    await scene.events.reconcile(key);
    expect(scene.calls).toEqual(['get']);
  });

  test.each(['NotFound', 'Forbidden'] as const)(
    'that it cannot be read (%s) holds nothing up',
    async (code) => {
      const again = scene.restarted();
      scene.fail = { create: 'AlreadyExists', get: code };
      again.replace([event(2)]);
      await expect(again.reconcile(key)).resolves.toBeUndefined();
      expect(scene.patched).toEqual([]);
      expect(scene.refused.length).toBe(code === 'Forbidden' ? 1 : 0);
    },
  );
});

describe('a write that fails', () => {
  test.each(['ServerError', 'Unreachable', 'TooManyRequests'] as const)(
    'with %s is tried again',
    async (code) => {
      scene.events.apply(event());
      scene.fail = { create: code };
      await expect(scene.events.reconcile(key)).rejects.toThrow('refused');
      await scene.events.reconcile(key);
      expect(scene.created).toHaveLength(1);
    },
  );

  // A namespace that is going takes nothing new; what is not lawful above will not become so.
  test.each(['Forbidden', 'NotFound', 'Invalid', 'BadRequest'] as const)(
    'with %s is let go',
    async (code) => {
      scene.events.apply(event());
      scene.fail = { create: code };
      await expect(scene.events.reconcile(key)).resolves.toBeUndefined();
      expect(scene.created).toEqual([]);
    },
  );

  test('for want of a right is told, once a minute', async () => {
    for (const pause of [0, 59_000, 2_000]) {
      scene.now += pause;
      scene.events.apply(event());
      scene.fail = { create: 'Forbidden', patch: 'Forbidden' };
      await scene.events.reconcile(key);
    }
    expect(scene.refused.length).toBe(2);
  });
});

describe('of one pod', () => {
  test('no more than 25 are written at once, and another pod does not suffer', async () => {
    scene.upperPods.apply(pod('web-1', 'upper-1', {}));
    scene.lowerPods.apply(pod('web-1', 'lower-1', marks(owner, 'upper-1')));
    const other = event(1, { name: 'web-1.1', pod: 'web-1', uid: 'lower-1' });
    for (let index = 0; index < 40; index += 1) scene.events.apply(event(1, { name: `web-0.${index}` }));
    scene.events.apply(other);
    for (const eventKey of scene.queued) await scene.events.reconcile(eventKey);
    expect(scene.created.filter(({ involvedObject }) => involvedObject.name === 'web-0')).toHaveLength(25);
    expect(scene.created.filter(({ involvedObject }) => involvedObject.name === 'web-1')).toHaveLength(1);
  });
});
