import { beforeEach, expect, test } from 'vitest';
import type { Client } from '../../kube/client.ts';
import type { KubeObject, NetworkPolicy, Pod } from '../../kube/types.ts';
import { raw } from '../../translate/test-objects.ts';
import { UpperPolicies } from './upper-policies.ts';

let upper: UpperPolicies;
const policy = (key: string, from: object[]) => {
  const [namespace, name] = key.split('/');
  upper.policies.apply(
    raw<NetworkPolicy>({
      metadata: { namespace, name, uid: key, resourceVersion: '1' },
      spec: { podSelector: {}, ingress: [{ from }] },
    }),
  );
};
const pod = (namespace: string, labels: object): Pod => raw({ metadata: { namespace, name: 'p', labels } });
const front = { matchLabels: { app: 'front' } };
const blue = { matchLabels: { team: 'blue' } };

beforeEach(() => {
  upper = new UpperPolicies({
    upper: {} as Client,
    namespace: undefined,
    onError: () => {},
    observe: () => undefined,
  });
  for (const [name, labels] of [
    ['shop', {}],
    ['blue-1', { team: 'blue' }],
  ] as const)
    upper.namespaces.apply(raw<KubeObject>({ metadata: { name, labels, uid: name, resourceVersion: '1' } }));
  policy('shop/front', [{ podSelector: front }]);
  policy('shop/blue', [{ namespaceSelector: blue }]);
  policy('shop/blue-front', [{ namespaceSelector: blue, podSelector: front }]);
  policy('blue-1/front', [{ podSelector: front }]);
  policy('shop/addresses', [{ ipBlock: { cidr: '10.0.0.0/8' } }]);
});

test.each<[string, Pod[], string[]]>([
  ['of its own namespace', [pod('shop', { app: 'front' })], ['shop/front']],
  ['that nobody names', [pod('shop', { app: 'back' })], []],
  [
    'of a namespace that some name',
    [pod('blue-1', { app: 'front' })],
    ['blue-1/front', 'shop/blue', 'shop/blue-front'],
  ],
  ['that nobody names by its own labels', [pod('blue-1', {})], ['shop/blue']],
  [
    'that was named until now',
    [pod('blue-1', {}), pod('blue-1', { app: 'front' })],
    ['blue-1/front', 'shop/blue', 'shop/blue-front'],
  ],
])('a pod %s is the business of whoever names it', (_, states, expected) => {
  expect([...upper.concernedBy(states)].sort()).toEqual(expected);
});

test('a namespace is the business of whoever names some by labels', () => {
  expect([...upper.namingNamespaces()].sort()).toEqual(['shop/blue', 'shop/blue-front']);
});
