import { expect, test } from 'vitest';
import { upperPod } from '../clusters/placement/test-clusters.ts';
import { KubeError } from '../kube/errors.ts';
import { createLogger } from '../kube/logger.ts';
import { Limits } from './limits.ts';
import { planner } from './planner.ts';
import type { Situation } from './situation.ts';
import { TestUpper } from './test-upper.ts';

const situation = { now: 0 } as Situation;
const moves = ['web', 'db'].map((name) => ({
  pod: upperPod(name, '1', { spec: { nodeName: 'vk-a' } }),
  to: ['vk-b'],
  avoid: 'vk-a',
  because: 'there is no room',
}));

function world() {
  const upper = new TestUpper();
  for (const { pod } of moves) upper.put(pod);
  const limits = new Limits({ perNode: 2, perOwner: 2, perMinute: 2 });
  limits.begin(0);
  return { upper, plan: planner(upper.client, limits, createLogger('fatal')) };
}

test('what would be done is tried, counted, and not done', async () => {
  const { upper, plan } = world();
  expect(await plan.carryOut({ moves }, situation)).toBe('moved');
  expect(upper.writes).toEqual(['evict shop/web?', 'evict shop/db?']);
  expect(await plan.carryOut({ moves }, situation)).toBe('limited');
});

test.each([
  ['held', new KubeError('TooManyRequests', 'a budget')],
  ['gone', new KubeError('NotFound', 'it is gone')],
  ['failed', new KubeError('ServerError', 'no')],
] as const)('what would be %s is not in the plan, and not counted', async (outcome, refusal) => {
  const { upper, plan } = world();
  upper.refused.set('evict shop/db?', refusal);
  expect(await plan.carryOut({ moves }, situation)).toBe(outcome);
  upper.refused.clear();
  expect(await plan.carryOut({ moves }, situation)).toBe('moved');
});

test('a Job that bears no failure keeps its pod in the plan, too', async () => {
  const { upper, plan } = world();
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'once', uid: 'j', controller: true };
  const pod = upperPod('once-x', '1', { metadata: { ownerReferences: [owner] } });
  upper.put(pod);
  upper.put({ metadata: { namespace: 'shop', name: 'once', uid: 'j' }, spec: { backoffLimit: 0 } } as object);
  const move = { pod, to: ['vk-b'], avoid: undefined, because: 'x' };
  expect(await plan.carryOut({ moves: [move] }, situation)).toBe('held');
});
