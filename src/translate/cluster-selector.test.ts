import { describe, expect, test } from 'vitest';
import { clusterSelectorOf, withClusterSelector } from './cluster-selector.ts';
import { raw, upperPod } from './test-objects.ts';

const selectorOf = (clusterSelector: string) =>
  clusterSelectorOf(upperPod({ metadata: { annotations: { clusterSelector } } }));

describe('clusterSelectorOf', () => {
  test.each([
    ['{}', {}],
    ['', {}],
    // Go reads null into an empty struct, and writes empty fields as null when nobody told it not to.
    ['null', {}],
    ['{"nodeSelector":null,"affinity":null,"tolerations":null}', {}],
    ['{"affinity":{"podAffinity":null,"nodeAffinity":{}}}', { affinity: { nodeAffinity: {} } }],
    [' {"nodeSelector": {"disk": "ssd", "empty": ""}} ', { nodeSelector: { disk: 'ssd', empty: '' } }],
    ['{"tolerations":[{"operator":"Exists"}]}', { tolerations: [{ operator: 'Exists' }] }],
    ['{"affinity":{"podAffinity":{}}}', { affinity: { podAffinity: {} } }],
    ['{"later":1}', { later: 1 }],
  ])('reads %s', (text, expected) => {
    expect(selectorOf(text)).toEqual(expected);
  });

  test.each([
    '[]',
    '"text"',
    '5',
    'true',
    '{',
    'disk: ssd',
    '{"nodeSelector":[]}',
    '{"nodeSelector":"disk=ssd"}',
    '{"nodeSelector":{"disk":1}}',
    '{"nodeSelector":{"disk":null}}',
    '{"affinity":[]}',
    '{"affinity":"node"}',
    '{"affinity":{"nodeAffinity":"a"}}',
    '{"tolerations":{}}',
    '{"tolerations":["all"]}',
    '{"tolerations":[null]}',
    '{"tolerations":[{},"all"]}',
    '{"nodeSelector":{"a":"b","disk":1}}',
    '{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":5}}}}',
    '{"affinity":{"podAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{}]}}}',
    `{"later":${'['.repeat(100)}${']'.repeat(100)}}`,
  ])('does not read %s', (text) => {
    expect(selectorOf(text)).toBeUndefined();
  });

  test.each([
    ['no annotation', {}],
    ['no annotations', { metadata: { annotations: null } }],
    ['no metadata', { metadata: null }],
  ])('is empty with %s', (_, pod) => {
    expect(clusterSelectorOf(raw(pod))).toEqual({});
  });
});

describe('withClusterSelector', () => {
  const required = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'Exists' }] }] };
  const preferred = [{ weight: 1, preference: { matchExpressions: [{ key: 'zone', operator: 'Exists' }] } }];
  const others = { podAffinity: { a: 1 }, podAntiAffinity: { b: 2 } };
  const needs = 'requiredDuringSchedulingIgnoredDuringExecution';
  const likes = 'preferredDuringSchedulingIgnoredDuringExecution';

  test.each([
    ['nothing', {}, {}, {}],
    [
      'other fields stay',
      { dnsPolicy: 'Default', later: { x: 1 } },
      {},
      { dnsPolicy: 'Default', later: { x: 1 } },
    ],
    [
      'what speaks of virtual nodes stays above',
      {
        nodeSelector: { type: 'virtual-kubelet' },
        tolerations: [{ operator: 'Exists' }],
        affinity: { nodeAffinity: { [needs]: required } },
      },
      {},
      {},
    ],
    [
      'preferences and pod affinity go down',
      { affinity: { nodeAffinity: { [needs]: required, [likes]: preferred }, ...others } },
      {},
      { affinity: { nodeAffinity: { [likes]: preferred }, ...others } },
    ],
    [
      'the selector comes in their place',
      { nodeSelector: { a: 'b' }, tolerations: [{ key: 'a' }] },
      { nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'gpu' }] },
      { nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'gpu' }] },
    ],
    [
      'required by the selector beside preferred by the pod',
      { affinity: { nodeAffinity: { [likes]: preferred } } },
      { affinity: { nodeAffinity: { [needs]: required } } },
      { affinity: { nodeAffinity: { [needs]: required, [likes]: preferred } } },
    ],
    [
      "the selector's own affinity wins",
      { affinity: { nodeAffinity: { [likes]: preferred }, ...others } },
      { affinity: { nodeAffinity: { [likes]: [] }, podAffinity: { mine: 1 } } },
      {
        affinity: { nodeAffinity: { [likes]: [] }, podAffinity: { mine: 1 }, podAntiAffinity: { b: 2 } },
      },
    ],
    ['empty parts are left out', {}, { nodeSelector: {}, tolerations: [], affinity: {} }, {}],
    [
      'an emptied affinity is left out',
      { affinity: { nodeAffinity: {} } },
      { affinity: { nodeAffinity: {} } },
      {},
    ],
    [
      'null above',
      { nodeSelector: null, tolerations: null, affinity: null },
      { nodeSelector: { a: 'b' } },
      { nodeSelector: { a: 'b' } },
    ],
    ['null within', { affinity: { nodeAffinity: null, podAffinity: null } }, {}, {}],
    ['null preferences', { affinity: { nodeAffinity: { [needs]: null, [likes]: null } } }, {}, {}],
    [
      'null in the selector takes nothing away',
      { affinity: others },
      { nodeSelector: null, tolerations: null, affinity: { nodeAffinity: null, podAffinity: null } },
      { affinity: others },
    ],
    ['a null affinity in the selector', { affinity: others }, { affinity: null }, { affinity: others }],
  ])('%s', (_, spec, selector, expected) => {
    expect(withClusterSelector(raw(spec), raw(selector))).toEqual(expected);
  });
});
