import { expect, test } from 'vitest';
import type { Pod } from '../kube/types.ts';
import { avoidanceOf, withAvoidance, withoutAvoidance } from './avoidance.ts';
import { raw } from './test-objects.ts';

const until = Date.UTC(2026, 0, 2);
const not = (...nodes: string[]) =>
  nodes.map((node) => ({ key: 'metadata.name', operator: 'NotIn', values: [node] }));
const zone = { key: 'zone', operator: 'In', values: ['a'] };
const pod = (...terms: object[]) =>
  raw<Pod>({
    metadata: { name: 'web', annotations: { mine: 'yes' } },
    spec: {
      containers: [],
      ...(terms.length > 0 && {
        affinity: {
          nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
        },
      }),
    },
  });
const termsOf = ({ spec }: Pod) =>
  spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;

test.each([
  ['a pod that asks for nothing', pod(), [{ matchFields: not('vk-a', 'vk-b') }]],
  [
    'each alternative',
    pod({ matchExpressions: [zone] }, { matchFields: not('vk-x') }),
    [
      { matchExpressions: [zone], matchFields: not('vk-a', 'vk-b') },
      { matchFields: not('vk-x', 'vk-a', 'vk-b') },
    ],
  ],
  [
    'not an alternative that matches nothing',
    pod({}, { matchExpressions: [zone] }),
    [{ matchExpressions: [zone], matchFields: not('vk-a', 'vk-b') }],
  ],
  [
    'what is kept from one already',
    pod({ matchFields: not('vk-a') }),
    [{ matchFields: not('vk-a', 'vk-b') }],
  ],
])('keeps %s from nodes', (_, before, terms) => {
  const kept = withAvoidance(
    before,
    new Map([
      ['vk-a', until],
      ['vk-b', until],
    ]),
  );
  expect(termsOf(kept)).toEqual(terms);
  expect(kept.metadata?.annotations?.['mine']).toBe('yes');
  expect(avoidanceOf(kept).get('vk-b')).toBe(until);
});

test('a pod for which nothing matches goes on matching nothing', () => {
  const nowhere = pod({});
  expect(withAvoidance(nowhere, new Map([['vk-a', until]]))).toBe(nowhere);
});

test.each([
  ['nothing', pod()],
  ['a zone', pod({ matchExpressions: [zone] })],
  ['another node', pod({ matchFields: not('vk-x') })],
  ['one of the nodes, by its author', pod({ matchFields: not('vk-a') })],
])('is taken back from a pod that asks for %s', (_, before) => {
  const avoidance = new Map([
    ['vk-a', until],
    ['vk-b', until],
  ]);
  expect(withoutAvoidance(withAvoidance(before, avoidance))).toEqual(before);
});

test('a pod with alternatives without end does not grow', () => {
  const many = pod(...Array.from({ length: 1_000 }, () => ({ matchExpressions: [zone] })));
  const nodes = Array.from({ length: 50 }, (_, index) => [`vk-${index}`, until] as const);
  expect(withAvoidance(many, new Map(nodes))).toBe(many);
  expect(withAvoidance(many, new Map(nodes.slice(0, 5)))).not.toBe(many);
});

test('twice is once', () => {
  const once = withAvoidance(pod(), new Map([['vk-a', until]]));
  expect(withAvoidance(once, new Map([['vk-a', until + 1]]))).toBe(once);
});

test.each(['nonsense', '7', 'null', '["vk-a"]', '{"vk-a":"soon"}'])(
  'the annotation %s keeps from nothing',
  (text) => {
    const one = raw<Pod>({
      metadata: { annotations: { 'isthmus.io/avoids': text } },
      spec: { containers: [] },
    });
    expect(avoidanceOf(one).size).toBe(0);
    expect(withoutAvoidance(one)).toBe(one);
  },
);
