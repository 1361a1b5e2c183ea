import { expect, test, vi } from 'vitest';
import { testCluster, upperPod } from '../clusters/placement/test-clusters.ts';
import { KubeError } from '../kube/errors.ts';
import { createLogger } from '../kube/logger.ts';
import type { Pod } from '../kube/types.ts';
import type { Tried } from '../translate/tried.ts';
import { Limits } from './limits.ts';
import { Mover, type MoverOptions } from './mover.ts';
import { RoomAhead } from './room-ahead.ts';
import type { Situation } from './situation.ts';
import type { Move } from './strategy.ts';
import { pending, TestUpper } from './test-upper.ts';

const now = Date.UTC(2026, 0, 1);
const budget = new KubeError('TooManyRequests', 'a budget');

function owned(name: string): Pod {
  const ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid: `rs-${name}`, controller: true },
  ];
  return upperPod(name, '1', { metadata: { ownerReferences }, spec: { nodeName: 'vk-a' } });
}

const move = (pod: Pod, avoid: string | undefined = 'vk-a'): Move => ({
  pod,
  to: ['vk-b'],
  avoid,
  because: 'there is no room',
});

/** A mover in an upper cluster that has these pods; what it does besides writing stands among the writes. */
function world(pods: readonly Pod[], more: Partial<MoverOptions> = {}) {
  const upper = new TestUpper();
  for (const pod of pods) upper.put(pod);
  const b = testCluster('b', [8]);
  const tried: Tried = new Map([['vk-a', { times: 1, until: now + 1 }]]);
  const limits = new Limits({ perNode: 10, perOwner: 10, perMinute: 2 });
  limits.begin(now);
  const record = vi.fn(() => true);
  const mover = new Mover({
    upper: upper.client,
    memory: {
      remember: async (key, node, _, first) =>
        void upper.writes.push(`remember ${key} ${node}${first === undefined ? '' : ` ${first}`}`),
      tried: () => tried,
    },
    limits,
    remaking: {
      prepare: async (pod) => pod,
      begin: async (pod, avoidance) => {
        upper.writes.push(`again ${pod.metadata?.name} ${[...avoidance.keys()]}`);
        return 'going';
      },
    },
    ahead: new RoomAhead(),
    recorder: { record },
    logger: createLogger('fatal'),
    ...more,
  });
  const situation = {
    now,
    clusterOf: (name: string) => (name === 'vk-b' ? b : undefined),
    below: (pod: Pod) => pod,
  } as unknown as Situation;
  const held = () => b.feed.picture.held();
  return {
    upper,
    limits,
    record,
    held,
    carryOut: (...moves: Move[]) => mover.carryOut({ moves }, situation),
    mover,
    situation,
  };
}

test('a pod goes once its budget lets it, and it is remembered where it was', async () => {
  const pod = owned('web');
  const { upper, held, record, carryOut } = world([pod]);
  expect(await carryOut(move(pod))).toBe('moved');
  expect(upper.writes).toEqual(['evict shop/web?', 'remember rs-web vk-a', 'evict shop/web']);
  expect(held()).toEqual(['shop/web on its way']);
  expect(record).toHaveBeenCalledWith(expect.anything(), pod, {
    type: 'Normal',
    reason: 'Descheduled',
    message: 'moved from vk-a, for vk-b: there is no room',
  });
});

test('a lower node is left to others for a minute only, and nothing at all when nothing is to be avoided', async () => {
  const [web, db] = [owned('web'), owned('db')];
  const { upper, mover, situation } = world([web, db]);
  const moves = [move(web, 'vk-a/a-0'), { ...move(db), avoid: undefined }];
  const remember = { key: 'room-x', node: 'vk-a', first: 5 };
  expect(await mover.carryOut({ moves, remember }, situation)).toBe('moved');
  expect(upper.writes.filter((write) => !write.startsWith('evict'))).toEqual([
    'remember room-x vk-a 5',
    'remember rs-web vk-a/a-0 60000',
  ]);
});

test.each([
  ['held', budget],
  ['gone', new KubeError('NotFound', 'it is gone')],
  ['failed', new KubeError('ServerError', 'no')],
] as const)('all or none: %s when one of them may not go', async (outcome, refusal) => {
  const [web, db] = [owned('web'), owned('db')];
  const { upper, held, carryOut } = world([web, db]);
  upper.refused.set('evict shop/db?', refusal);
  expect(await carryOut(move(web), move(db))).toBe(outcome);
  expect(upper.writes).toEqual(['evict shop/web?', 'evict shop/db?']);
  expect(held()).toEqual([]);
});

test('limits hold for all moves of a proposal, and only what went is counted', async () => {
  const [one, two, three] = [owned('one'), owned('two'), owned('three')];
  const { upper, carryOut } = world([one, two, three]);
  expect(await carryOut(move(one), move(two), move(three))).toBe('limited');
  expect(upper.writes).toEqual([]);
  upper.refused.set('evict shop/one', budget);
  expect(await carryOut(move(one))).toBe('held');
  expect(await carryOut(move(two), move(three))).toBe('moved');
  expect(await carryOut(move(one))).toBe('limited');
});

test('nothing goes before it is written down where it was', async () => {
  const pod = owned('web');
  const remember = () => Promise.reject(new KubeError('Forbidden', 'no'));
  const { upper, carryOut } = world([pod], { memory: { remember, tried: () => new Map() } });
  expect(await carryOut(move(pod))).toBe('failed');
  expect(upper.writes).toEqual(['evict shop/web?']);
});

test('a pod that nobody owns is made again, away from where it was in vain', async () => {
  const pod = pending(upperPod('alone', '1', { spec: { nodeName: 'vk-a' } }));
  const { upper, carryOut } = world([pod]);
  expect(await carryOut(move(pod))).toBe('moved');
  expect(upper.writes).toEqual(['evict shop/alone?', 'remember pod-uid-alone vk-a', 'again alone vk-a']);
});

test('of one that a budget holds after all nobody is told that it was moved, and it is not counted', async () => {
  const pod = pending(upperPod('alone', '1', { spec: { nodeName: 'vk-a' } }));
  const remaking = { prepare: async () => pod, begin: async () => 'held' as const };
  const { carryOut, record, limits } = world([pod], { remaking });
  const spent = vi.spyOn(limits, 'spend');
  expect(await carryOut(move(pod))).toBe('held');
  expect([record.mock.calls, spent.mock.calls]).toEqual([[], []]);
});

test('one that cannot be made again stays', async () => {
  const pod = pending(upperPod('alone', '1', { spec: { nodeName: 'vk-a' } }));
  const remaking = { prepare: async () => undefined, begin: vi.fn() };
  const { upper, held, carryOut } = world([pod], { remaking });
  expect(await carryOut(move(pod))).toBe('gone');
  expect(upper.writes).toEqual(['evict shop/alone?']);
  expect([held(), remaking.begin.mock.calls]).toEqual([[], []]);
});

test.each([
  ['Pending', 'gone'],
  ['Running', 'moved'],
])('a pod that was seen %s and has changed since is %s', async (phase, outcome) => {
  const pod = { ...owned('web'), status: { phase } } as Pod;
  const { upper, carryOut } = world([pod]);
  const seen = { ...pod, metadata: { ...pod.metadata, resourceVersion: '7' } } as Pod;
  upper.put({ ...seen, metadata: { ...pod.metadata, resourceVersion: '8' } });
  expect(await carryOut(move(seen))).toBe(outcome);
  expect(upper.writes.includes('evict shop/web')).toBe(outcome === 'moved');
});

test('so it is when it changes after the trial', async () => {
  const pod = pending(owned('web'));
  const { upper, carryOut } = world([pod], {
    memory: {
      remember: async () => upper.put({ ...pod, metadata: { ...pod.metadata, resourceVersion: '8' } }),
      tried: () => new Map(),
    },
  });
  const seen = { ...pod, metadata: { ...pod.metadata, resourceVersion: '7' } } as Pod;
  upper.put(seen);
  expect(await carryOut(move(seen))).toBe('gone');
  expect(upper.objects.has('shop/web')).toBe(true);
});

test('a pod of which no answer came counts as gone, and the others go on', async () => {
  const [one, two] = [owned('one'), owned('two')];
  const { upper, limits, record, carryOut } = world([one, two]);
  upper.refused.set('evict shop/one', new KubeError('Aborted', 'no answer in time'));
  expect(await carryOut(move(one), move(two))).toBe('unknown');
  expect(upper.writes).toContain('evict shop/two');
  expect(limits.isExhausted).toBe(true);
  expect(record).toHaveBeenCalledTimes(1);
});
