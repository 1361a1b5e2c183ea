import { describe, expect, test } from 'vitest';
import type { PodSpec } from '../kube/types.ts';
import { isLowerOwn, lowerNameOf, upperNameOf, withLowerNames } from './lower-names.ts';
import { owner, raw } from './test-objects.ts';

const uid = '6f1c2b9e-0a6b-4c7e-9a53-0d6a3b1c4d5e';
const rootCa = 'kube-root-ca.crt';
const renamed = 'kube-root-ca.crt.6f1c2b9e';
const of = { ...owner, upperCluster: uid };

describe('names', () => {
  test.each([
    ['ConfigMap', rootCa, renamed],
    ['ConfigMap', 'settings', 'settings'],
    ['ConfigMap', 'kube-root-ca.crt.x', 'kube-root-ca.crt.x'],
    ['Secret', rootCa, rootCa],
    ['Secret', 's'.repeat(253), 's'.repeat(253)],
  ] as const)('%s %s is %s below, and back', (kind, above, below) => {
    expect(lowerNameOf(kind, above, of)).toBe(below);
    expect(upperNameOf(kind, below, of)).toBe(above);
  });

  test('two upper clusters do not meet', () => {
    const other = { ...of, upperCluster: '11111111-0a6b-4c7e-9a53-0d6a3b1c4d5e' };
    expect(lowerNameOf('ConfigMap', rootCa, other)).not.toBe(renamed);
    expect(upperNameOf('ConfigMap', renamed, other)).toBe(renamed);
  });

  test.each([
    ['ConfigMap', rootCa, 'lower', true],
    ['ConfigMap', rootCa, 'upper', false],
    ['ConfigMap', rootCa, 'none', false],
    ['ConfigMap', 'settings', 'lower', false],
    ['Secret', rootCa, 'lower', false],
  ] as const)('%s %s with mode %s is the lower cluster’s own: %s', (kind, name, mode, expected) => {
    expect(isLowerOwn(kind, name, mode)).toBe(expected);
  });
});

describe('withLowerNames', () => {
  const spec = (name: string) => ({
    volumes: [
      { name: 'a', configMap: { name, defaultMode: 420, optional: true } },
      {
        name: 'b',
        projected: { sources: [{ configMap: { name, items: [{ key: 'ca.crt', path: 'x' }] } }, {}] },
      },
      { name: 'c', secret: { secretName: rootCa } },
      { name: 'd', projected: { sources: [{ secret: { name: rootCa } }] } },
      { name: rootCa, emptyDir: {} },
    ],
    ...Object.fromEntries(
      ['initContainers', 'containers', 'ephemeralContainers'].map((list) => [
        list,
        [
          {
            name: 'm',
            envFrom: [{ prefix: 'P', configMapRef: { name } }, { secretRef: { name: rootCa } }],
            env: [
              { name: 'A', valueFrom: { configMapKeyRef: { name, key: 'ca.crt', optional: true } } },
              { name: 'B', valueFrom: { secretKeyRef: { name: rootCa, key: 'k' } } },
              { name: 'C', value: rootCa },
            ],
          },
        ],
      ]),
    ),
  });

  test.each(['upper', 'none'] as const)(
    'mode %s: the CA of the upper cluster, wherever it is named',
    (mode) => {
      expect(withLowerNames(raw<PodSpec>(spec(rootCa)), of, mode)).toEqual(spec(renamed));
    },
  );

  test('mode lower: the CA of the cluster that the pod speaks with', () => {
    expect(withLowerNames(raw<PodSpec>(spec(rootCa)), of, 'lower')).toEqual(spec(rootCa));
  });

  test.each([
    { containers: [] },
    { containers: [{ name: 'a' }], volumes: [] },
    { containers: [{ name: 'a', env: null, envFrom: null }], volumes: null },
    { containers: [{ name: 'a', env: [{ name: 'X', valueFrom: null }], envFrom: [{ configMapRef: null }] }] },
    { containers: [], volumes: [{ name: 'v', configMap: null, projected: null }] },
    { containers: [], volumes: [{ name: 'v', projected: { sources: null } }] },
    { containers: [], volumes: [{ name: 'v', projected: { sources: [{ configMap: null }] } }] },
  ])('%j stays', (odd) => {
    expect(withLowerNames(raw<PodSpec>(odd), of, 'upper')).toEqual(odd);
  });
});
