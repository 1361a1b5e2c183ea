import { describe, expect, test } from 'vitest';
import { against, node, pictureOf, pod } from '../test-pictures.ts';

/** The only node of the picture takes the pod or gives a reason. */
const meets = (nodeFields: Record<string, unknown>, podSpec: object) =>
  against(pictureOf([node('n', nodeFields)]), pod('p', podSpec));
const free = {};

describe('unschedulable', () => {
  const refused = { 'node(s) were unschedulable': 1 };
  const key = 'node.kubernetes.io/unschedulable';
  test.each<[Record<string, unknown>, object, object]>([
    [{}, {}, free],
    [{ unschedulable: true }, {}, refused],
    [{ unschedulable: true }, { tolerations: [{ key, operator: 'Exists' }] }, free],
    [{ unschedulable: true }, { tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }] }, free],
    [{ unschedulable: true }, { tolerations: [{ key, operator: 'Exists', effect: 'NoExecute' }] }, refused],
    [{ unschedulable: true }, { tolerations: [{ key: 'other', operator: 'Exists' }] }, refused],
  ])('%j takes %j: %j', (fields, spec, expected) => expect(meets(fields, spec)).toEqual(expected));
});

describe('taints', () => {
  const taint = (effect: string, value?: string) => ({
    taints: [{ key: 'k', effect, ...(value && { value }) }],
  });
  const tolerating = (...tolerations: object[]) => ({ tolerations });
  const refused = (value = '') => ({ [`node(s) had untolerated taint {k: ${value}}`]: 1 });
  test.each<[string, Record<string, unknown>, object, object]>([
    ['NoSchedule', taint('NoSchedule', 'a'), {}, refused('a')],
    ['NoExecute', taint('NoExecute'), {}, refused()],
    ['PreferNoSchedule', taint('PreferNoSchedule'), {}, free],
    ['the same value', taint('NoSchedule', 'a'), tolerating({ key: 'k', value: 'a' }), free],
    [
      'another value',
      taint('NoSchedule', 'a'),
      tolerating({ key: 'k', operator: 'Equal', value: 'b' }),
      refused('a'),
    ],
    ['any value', taint('NoSchedule', 'a'), tolerating({ key: 'k', operator: 'Exists' }), free],
    ['another effect', taint('NoExecute'), tolerating({ key: 'k', effect: 'NoSchedule' }), refused()],
    ['any key', taint('NoSchedule', 'a'), tolerating({ operator: 'Exists' }), free],
    [
      'a comparison, which is not on by default',
      taint('NoSchedule', '5'),
      tolerating({ key: 'k', operator: 'Gt', value: '4' }),
      refused('5'),
    ],
    [
      'the first that is not tolerated, whenever it was added',
      {
        taints: [
          { key: 'j', effect: 'NoSchedule' },
          { key: 'k', effect: 'NoSchedule', timeAdded: '2026-01-01T00:00:00Z' },
        ],
      },
      tolerating({ key: 'j', operator: 'Exists' }),
      refused(),
    ],
  ])('%s', (_, fields, spec, expected) => expect(meets(fields, spec)).toEqual(expected));
});

describe('node name', () => {
  const picture = () => pictureOf([node('a'), node('b')]);
  const refused = "node(s) didn't match the requested node name";
  test('only that node', () =>
    expect(against(picture(), pod('p', { nodeName: 'a' }))).toEqual({ [refused]: 1 }));
  test('none that is gone', () =>
    expect(against(picture(), pod('p', { nodeName: 'c' }))).toEqual({ [refused]: 2 }));
});

describe('node selector and affinity', () => {
  const refused = { "node(s) didn't match Pod's node affinity/selector": 1 };
  const terms = (...nodeSelectorTerms: object[]) => ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  });
  const expression = (key: string, operator: string, ...values: string[]) =>
    terms({ matchExpressions: [{ key, operator, ...(values.length > 0 && { values }) }] });
  const labels = { disk: 'ssd', size: '10', word: 'ten', plus: '+11' };
  test.each<[object, object]>([
    [{ nodeSelector: { disk: 'ssd' } }, free],
    [{ nodeSelector: { disk: 'hdd' } }, refused],
    [{ nodeSelector: { disk: 'ssd', color: 'red' } }, refused],
    [expression('disk', 'In', 'hdd', 'ssd'), free],
    [expression('disk', 'In', 'hdd'), refused],
    [expression('color', 'In', 'red'), refused],
    [expression('disk', 'NotIn', 'hdd'), free],
    [expression('disk', 'NotIn', 'ssd'), refused],
    [expression('color', 'NotIn', 'red'), free],
    [expression('disk', 'Exists'), free],
    [expression('color', 'Exists'), refused],
    [expression('color', 'DoesNotExist'), free],
    [expression('disk', 'DoesNotExist'), refused],
    [expression('size', 'Gt', '9'), free],
    [expression('size', 'Gt', '10'), refused],
    [expression('size', 'Lt', '11'), free],
    [expression('size', 'Lt', '10'), refused],
    [expression('word', 'Gt', '0'), refused],
    [expression('plus', 'Gt', '10'), free],
    [expression('color', 'Lt', '10'), refused],
    [expression('size', 'Gt', 'nine'), refused],
    [expression('size', 'Gt', '99999999999999999999'), refused],
    [expression('disk', 'Near', 'ssd'), refused],
    [terms(), refused],
    [terms({}), refused],
    [terms({}, { matchExpressions: [{ key: 'disk', operator: 'Exists' }] }), free],
    [
      terms({
        matchExpressions: [
          { key: 'disk', operator: 'Exists' },
          { key: 'color', operator: 'Exists' },
        ],
      }),
      refused,
    ],
    [{ nodeSelector: { disk: 'hdd' }, ...expression('disk', 'Exists') }, refused],
    [terms({ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['n'] }] }), refused],
    [terms({ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['m'] }] }), free],
    [
      terms({
        matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }],
        matchExpressions: [{ key: 'disk', operator: 'In', values: ['hdd'] }],
      }),
      refused,
    ],
  ])('%j: %j', (spec, expected) => expect(meets({ labels }, spec)).toEqual(expected));

  const named = (...names: string[]) =>
    terms(
      ...names.map((name) => ({ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] })),
    );
  test.each<[object, object]>([
    [named('a'), { "node(s) didn't satisfy plugin(s) [NodeAffinity]": 2 }],
    [named('a', 'b'), { "node(s) didn't satisfy plugin(s) [NodeAffinity]": 1 }],
    [named('gone'), { "node(s) didn't satisfy plugin(s) [NodeAffinity]": 3 }],
    [
      terms({
        matchFields: ['a', 'b'].map((name) => ({ key: 'metadata.name', operator: 'In', values: [name] })),
      }),
      { 'pod affinity terms conflict': 3 },
    ],
  ])('by name %j: %j', (spec, expected) =>
    expect(against(pictureOf([node('a'), node('b'), node('c')]), pod('p', spec))).toEqual(expected),
  );
});
