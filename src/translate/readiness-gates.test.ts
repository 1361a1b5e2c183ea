import { describe, expect, test } from 'vitest';
import { chosenCondition, gateTypes } from './readiness-gates.ts';
import { lowerPod, raw, upperPod } from './test-objects.ts';

const early = '2026-01-02T03:04:05Z';
const late = '2026-01-02T03:04:06Z';
const gate = (status: string, lastTransitionTime?: string | null) => [
  { type: 'Ready', status: 'True', lastTransitionTime: late },
  { type: 'a/gate', status, lastTransitionTime },
];
const choose = (above: unknown, below: unknown) =>
  chosenCondition(
    'a/gate',
    upperPod({ status: { conditions: above } }),
    lowerPod({ status: { conditions: below } }),
  );

describe('the condition that counts', () => {
  test.each<[string, unknown, unknown, 'upper' | 'lower', string | undefined]>([
    ['set above only', gate('True', early), [], 'upper', 'True'],
    ['set below only', [], gate('True', early), 'lower', 'True'],
    ['set above later', gate('True', late), gate('False', early), 'upper', 'True'],
    ['set below later', gate('True', early), gate('False', late), 'lower', 'False'],
    ['set in both at the same time', gate('True', early), gate('False', early), 'upper', 'True'],
    ['set in both without a time', gate('True', null), gate('False', null), 'upper', 'True'],
    ['set above without a time', gate('True'), gate('False', early), 'lower', 'False'],
    [
      'set below with a time that cannot be read',
      gate('True', early),
      gate('False', 'soon'),
      'upper',
      'True',
    ],
    ['set nowhere', [], [], 'upper', undefined],
    ['without lists', null, undefined, 'upper', undefined],
  ])('%s', (_, above, below, from, status) => {
    const found = choose(above, below);
    expect(found.from).toBe(from);
    expect(found.condition?.status).toBe(status);
  });

  test('the one below is told in any case', () => {
    expect(choose(gate('True', late), gate('False', early)).below?.status).toBe('False');
    expect(choose(gate('True', late), []).below).toBeUndefined();
  });
});

test.each([
  [{ readinessGates: [{ conditionType: 'a/gate' }, { conditionType: 'b/gate' }] }, ['a/gate', 'b/gate']],
  [{ readinessGates: null }, []],
  [{}, []],
])('%j has the gates %j', (spec, types) => {
  expect(gateTypes(upperPod({ spec }))).toEqual(types);
  expect(gateTypes(raw({}))).toEqual([]);
});
