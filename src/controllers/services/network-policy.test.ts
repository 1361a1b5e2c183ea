import { beforeEach, expect, test } from 'vitest';
import { Cache } from '../../kube/cache.ts';
import type { NetworkPolicy } from '../../kube/types.ts';
import { owner, raw } from '../../translate/test-objects.ts';
import { type PoliciesView, reconcileNetworkPolicy } from './network-policy.ts';

let brought: [string, NetworkPolicy | undefined][];
let view: PoliciesView;
const policies = new Cache<NetworkPolicy>({});

beforeEach(() => {
  brought = [];
  view = {
    owner,
    upper: { policies, podsOf: () => [], namespacesOf: () => [] },
    use: { has: () => true },
    inStep: { settled: () => {}, gone: () => {} },
    namespaces: { ensure: async () => {} },
    policies: {
      held: () => undefined,
      bring: async (key: string, desired?: NetworkPolicy) => void brought.push([key, desired]),
    },
    isHere: () => false,
    isReachable: () => true,
  } as unknown as PoliciesView;
});

test('names no more addresses than an object can hold, and says so', async () => {
  const pods = Array.from({ length: 10_002 }, (_, index) => ({
    status: { podIP: `10.0.${Math.floor(index / 250)}.${index % 250}` },
  }));
  const told: string[] = [];
  const from = [{ namespaceSelector: {} }];
  policies.apply(
    raw({
      metadata: { namespace: 'shop', name: 'many', uid: 'm' },
      spec: { podSelector: {}, ingress: [{ from }] },
    }),
  );
  const upper = { policies, podsOf: () => pods, namespacesOf: () => [] } as unknown as PoliciesView['upper'];
  await reconcileNetworkPolicy(
    { ...view, upper, onTooMany: (_, message) => told.push(message) },
    'shop/many',
  );
  expect(told).toEqual([expect.stringMatching(/^2 of its peers/)]);
  const [rule] = (brought[0]?.[1]?.spec?.ingress ?? []) as { from?: object[] }[];
  expect(rule?.from?.length).toBe(10_000);
});

test.each([
  ['shop', true],
  ['kube-system', false],
])('a policy of namespace %s goes down: %s', async (namespace, goes) => {
  policies.apply(raw({ metadata: { namespace, name: 'deny', uid: namespace }, spec: { podSelector: {} } }));
  await reconcileNetworkPolicy(view, `${namespace}/deny`);
  expect(brought.map(([key, desired]) => [key, desired !== undefined])).toEqual([
    [`${namespace}/deny`, goes],
  ]);
});
