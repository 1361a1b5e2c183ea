import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { statusUp } from '../pod-status.ts';
import { lowerPod, raw, upperPod } from '../test-objects.ts';
import type { Fate } from './fate.ts';
import { fieldsThatAre } from './fate.ts';
import { podStatusFates } from './pod-status.ts';

type Type = keyof typeof podStatusFates;

/** What the fields of a type read above, when the lower status has them. */
function above(type: Type, fields: object, ofUpper: object = {}): object | undefined {
  const upper = upperPod({ status: ofUpper });
  const up = (status: object) => statusUp(upper, lowerPod({ status }));
  switch (type) {
    case 'PodStatus':
      return up(fields);
    case 'PodCondition':
      return up({ conditions: [{ type: 'Ready', ...fields }] }).conditions?.[0];
    case 'ContainerStatus':
      return up({ containerStatuses: [{ name: 'main', ...fields }] }).containerStatuses?.[0];
  }
}

const types = Object.keys(podStatusFates) as Type[];
const fieldsOf = (fate: Fate['fate']) =>
  types.flatMap((type) =>
    [...fieldsThatAre(fate, podStatusFates[type])].map((field): [Type, string] => [type, field]),
  );

test.each(fieldsOf('carried'))('%s.%s is carried: the value is the same above', (type, field) => {
  const anything = fc.jsonValue({ maxDepth: 2 }).map((generated) => ({ generated }));
  fc.assert(
    fc.property(anything, (value) => {
      expect(above(type, raw({ [field]: value }))).toHaveProperty([field], value);
    }),
    { numRuns: 5 },
  );
});

test.each(fieldsOf('dropped'))('%s.%s stays below, and the upper pod keeps its own', (type, field) => {
  expect(above(type, raw({ [field]: 'lower' }), { [field]: undefined })).not.toHaveProperty([field]);
  expect(above(type, raw({ [field]: 'lower' }), { [field]: 'upper' })).toHaveProperty([field], 'upper');
});

describe('what is rewritten', () => {
  const health = { allocatedResourcesStatus: [{ name: 'a.com/gpu' }] };
  const status = { name: 'main', ready: true, state: { running: {} } };
  const cases: [Type, string, unknown, unknown][] = [
    [
      'PodStatus',
      'conditions',
      [{ type: 'Ready', observedGeneration: 1 }],
      [{ type: 'Ready', observedGeneration: 3 }],
    ],
    ['PodStatus', 'containerStatuses', [{ ...status, ...health }], [status]],
    ['PodStatus', 'observedGeneration', 1, 3],
    ['PodCondition', 'observedGeneration', 1, 3],
    ['ContainerStatus', 'allocatedResourcesStatus', health.allocatedResourcesStatus, undefined],
  ];
  const noted = { annotations: { 'isthmus.io/upper-generation': '3' } };

  test.each(cases)('%s.%s', (type, field, below, expected) => {
    const wrapped = {
      PodStatus: { [field]: below },
      PodCondition: { conditions: [{ type: 'Ready', [field]: below }] },
      ContainerStatus: { containerStatuses: [{ name: 'main', [field]: below }] },
    }[type];
    const up = statusUp(upperPod(), lowerPod({ metadata: noted, status: wrapped }));
    const found = {
      PodStatus: up,
      PodCondition: up.conditions?.[0],
      ContainerStatus: up.containerStatuses?.[0],
    };
    expect(found[type]?.[field as keyof object]).toEqual(expected);
  });

  test('has an example each, but for the lists that are like containerStatuses', () => {
    const alike = ['ephemeralContainerStatuses', 'initContainerStatuses'];
    const rewritten = fieldsOf('rewritten').filter(([, field]) => !alike.includes(field));
    expect(rewritten.map(String).sort()).toEqual(cases.map(([type, field]) => `${type},${field}`).sort());
  });
});
