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
