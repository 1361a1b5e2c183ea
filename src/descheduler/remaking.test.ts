import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { upperPod } from '../clusters/placement/test-clusters.ts';
import { KubeError } from '../kube/errors.ts';
import { createLogger } from '../kube/logger.ts';
import type { Pod, Secret } from '../kube/types.ts';
import { Remaking } from './remaking.ts';
import { pending, TestUpper } from './test-upper.ts';

const pod = pending(upperPod('alone', '1', { spec: { nodeName: 'vk-a' } }));
const record = 'isthmus-system/pod-again-uid-alone';
const avoidance = new Map([['vk-a', Date.UTC(2026, 0, 1)]]);
const patience = { timeout: 10_000 };

let upper: TestUpper;
let remaking: Remaking;
beforeEach(() => {
  upper = new TestUpper();
  upper.put(pod);
  remaking = new Remaking({
    upper: upper.client,
    namespace: 'isthmus-system',
    logger: createLogger('fatal'),
  });
});

test.each<[string, Pod | undefined]>([
  ['is gone', undefined],
  ['is another of the same name', { ...pod, metadata: { ...pod.metadata, uid: 'another' } }],
  ['has found its place', { ...pod, status: { phase: 'Running' } }],
  ['is going', { ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } } as Pod],
])('a pod is not prepared when it %s', async (_, now) => {
  upper.objects.clear();
  if (now) upper.put(now);
  expect(await remaking.prepare(pod)).toBeUndefined();
  expect(upper.writes).toEqual([]);
});

test('a pod is tried out before it is asked to go; that its name is taken says nothing', async () => {
  expect(await remaking.prepare(pod)).toBe(pod);
  upper.refused.set('create shop/alone?', new KubeError('Forbidden', 'exceeded quota'));
  await expect(remaking.prepare(pod)).rejects.toThrow('exceeded quota');
});

test('what is noted twice is noted once', async () => {
  expect(await remaking.begin(pod, avoidance)).toBe('going');
  expect(await remaking.begin(pod, avoidance)).toBe('gone');
  expect([...upper.objects.keys()]).toEqual([record]);
});

/** A pod of which nobody said in time whether it goes, by one that led before. */
async function begunBefore(as: Pod = pod): Promise<void> {
  const before = new Remaking({
    upper: upper.client,
    namespace: 'isthmus-system',
    logger: createLogger('fatal'),
  });
  upper.refused.set('evict shop/alone', new KubeError('Aborted', 'no answer'));
  expect(await before.begin(as, avoidance)).toBe('unknown');
  upper.refused.clear();
  upper.writes.length = 0;
}

/** Begins with the pod as it is, and waits until it is dealt with. */
async function dealtWith(became = 'going'): Promise<void> {
  expect(await remaking.begin(pod, avoidance)).toBe(became);
  await vi.waitFor(() => expect(upper.objects.has(record)).toBe(false), patience);
}

let stop = async () => {};
async function running(): Promise<void> {
  const ending = new AbortController();
  const run = remaking.run(ending.signal);
  stop = async () => {
    ending.abort();
    await run;
  };
  const list = vi.spyOn(upper, 'watch');
  await vi.waitFor(() => expect(list).toHaveBeenCalled(), patience);
}
afterEach(() => stop());

test('a pod goes, is made again away from where it was, and then is off the list', async () => {
  await running();
  await dealtWith();
  const [secret = '', ...others] = upper.writes;
  expect(secret).toBe(`create ${record}`);
  expect(others).toEqual(['evict shop/alone', 'create shop/alone', `delete ${record}`]);
  const made = upper.objects.get('shop/alone') as Pod;
  expect(made.spec?.nodeName).toBeUndefined();
  expect(made.metadata?.annotations).toMatchObject({
    'isthmus.io/made-from': 'uid-alone',
    'isthmus.io/avoids': JSON.stringify({ 'vk-a': '2026-01-01T00:00:00.000Z' }),
  });
  await remaking.finished(new AbortController().signal);
});

test.each([
  ['has found its place after all', { ...pod, status: { phase: 'Running' } }],
  ['is somebody else now', { ...pod, metadata: { ...pod.metadata, uid: 'another' } }],
])('nothing is made when the pod %s', async (_, now) => {
  await begunBefore();
  upper.put(now as Pod);
  await running();
  await vi.waitFor(() => expect(upper.objects.has(record)).toBe(false), patience);
  expect(upper.writes).toEqual([`delete ${record}`]);
});

test('one that has changed since it was looked at stays', async () => {
  await running();
  upper.put({ ...pod, metadata: { ...pod.metadata, uid: 'another' } } as Pod);
  await dealtWith('gone');
  expect(upper.writes).toEqual([`create ${record}`, 'evict shop/alone', `delete ${record}`]);
});

test('who leads next lets a pod go and makes it again', async () => {
  await begunBefore();
  await running();
  await vi.waitFor(() => expect(upper.objects.has(record)).toBe(false), patience);
  expect(upper.writes).toEqual(['evict shop/alone', 'create shop/alone', `delete ${record}`]);
});

test('a budget that holds it leaves it where it is', async () => {
  await running();
  upper.refused.set('evict shop/alone', new KubeError('TooManyRequests', 'a budget'));
  await dealtWith('held');
  expect(upper.objects.get('shop/alone')).toBe(pod);
});

test('with its namespace the pod goes, too', async () => {
  await running();
  upper.refused.set('create shop/alone', new KubeError('Forbidden', 'the namespace is being terminated'));
  await dealtWith();
  expect(upper.objects.size).toBe(0);
});

test('what an API server refuses for a while is tried again', async () => {
  await running();
  upper.refused.set('create shop/alone', new KubeError('ServerError', 'not now'));
  await remaking.begin(pod, avoidance);
  const creations = () => upper.writes.filter((write) => write === 'create shop/alone').length;
  await vi.waitFor(() => expect(creations()).toBeGreaterThan(1), patience);
  expect(upper.objects.has(record)).toBe(true);
  upper.refused.clear();
  await vi.waitFor(() => expect(upper.objects.has(record)).toBe(false), patience);
  expect(upper.objects.has('shop/alone')).toBe(true);
});

/** The pod as it is while it goes. */
function going(phase: string, restartPolicy: string): Pod {
  const metadata = { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', resourceVersion: '9' };
  const state = { terminated: { exitCode: 143, startedAt: '2026-01-01T00:00:00Z' } };
  const containerStatuses = phase === 'Failed' ? [{ name: 'main', state }] : [];
  return {
    ...pod,
    metadata,
    spec: { ...pod.spec, restartPolicy },
    status: { phase, containerStatuses },
  } as Pod;
}

/** The pod is on its way out in this phase, was seen so, and is gone in that one. */
async function goneIn(phase: string, last: string, restartPolicy: string): Promise<void> {
  await begunBefore(going('Pending', restartPolicy));
  upper.put(going(phase, restartPolicy));
  await running();
  await vi.waitFor(() => expect(upper.isWatched('alone')).toBe(true), patience);
  upper.takeAway(going(last, restartPolicy));
  await vi.waitFor(() => expect(upper.objects.has(record)).toBe(false), patience);
}

test.each([
  ['Running', 'Running', 'Always'],
  ['Running', 'Failed', 'Always'],
  ['Running', 'Running', 'Never'],
  ['Pending', 'Failed', 'OnFailure'],
])('a pod that is going, %s, and then is gone, %s, is made again: %s', async (phase, last, restartPolicy) => {
  await goneIn(phase, last, restartPolicy);
  expect(upper.writes).toEqual(['create shop/alone', `delete ${record}`]);
  expect(upper.isWatched('alone')).toBe(false);
});

test.each([
  ['Running', 'Succeeded', 'Never'],
  ['Pending', 'Succeeded', 'OnFailure'],
  ['Running', 'Failed', 'Never'],
])(
  'one that is going, %s, and ended, %s, before anybody looked is not: %s',
  async (phase, last, restartPolicy) => {
    await goneIn(phase, last, restartPolicy);
    expect(upper.writes).toEqual([`delete ${record}`]);
  },
);

test('one that never ran has not ended, though the kubelet calls it Failed', async () => {
  await begunBefore(going('Pending', 'Never'));
  upper.put(going('Pending', 'Never'));
  await running();
  await vi.waitFor(() => expect(upper.isWatched('alone')).toBe(true), patience);
  const state = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', startedAt: null } };
  const status = { phase: 'Failed', containerStatuses: [{ name: 'main', state }] };
  upper.takeAway({ ...going('Failed', 'Never'), status } as object);
  await vi.waitFor(() => expect(upper.objects.has(record)).toBe(false), patience);
  expect(upper.writes).toEqual(['create shop/alone', `delete ${record}`]);
});

test.each(['{', 'null', '5', '[]', '{"metadata":{}}', '{"metadata":{"name":5},"spec":{"containers":[]}}'])(
  'a Secret that holds %s is left as it is, and nothing waits for it',
  async (text) => {
    const data = { 'pod.json': Buffer.from(text).toString('base64') };
    const labels = { 'isthmus.io/pod-again': 'true' };
    const secret: Secret = {
      metadata: { namespace: 'isthmus-system', name: 'odd', uid: 'odd', resourceVersion: '1', labels },
      data,
    };
    upper.put(secret);
    await running();
    await dealtWith();
    const tooLong = AbortSignal.timeout(5_000);
    await remaking.finished(tooLong);
    expect(tooLong.aborted).toBe(false);
    expect(upper.objects.has('isthmus-system/odd')).toBe(true);
    expect(upper.writes.filter((write) => write.includes('odd'))).toEqual([]);
  },
);
