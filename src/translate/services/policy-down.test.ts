import { describe, expect, test } from 'vitest';
import type { NetworkPolicy } from '../../kube/types.ts';
import { owner, raw } from '../test-objects.ts';
import { type PolicyDownOptions, policyDown, policyToWrite } from './policy-down.ts';

const upperPolicy = (spec: object): NetworkPolicy =>
  raw({
    metadata: {
      name: 'guard',
      namespace: 'shop',
      uid: 'policy-uid',
      resourceVersion: '3',
      labels: { a: 'b' },
      annotations: { note: 'x', 'isthmus.io/y': 'z' },
    },
    spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress', 'Egress'], ...spec },
  });

const front = { matchLabels: { app: 'front' } };
const team = { matchLabels: { team: 'blue' } };
const options: PolicyDownOptions = {
  owner,
  addressesElsewhere: ({ namespaces, pods }) => {
    if (pods === front && !namespaces) return ['10.2.0.1', 'fd00::2'];
    return namespaces === team ? ['10.2.0.1', '10.2.0.9'] : [];
  },
  namespacesOf: (selector) => (selector === team ? ['blue-1', 'blue-2'] : []),
};
const down = (spec: object) =>
  policyDown(upperPolicy(spec), options).spec as unknown as Record<string, unknown>;
const named = {
  matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['blue-1', 'blue-2'] }],
};
const virtual = { key: 'virtual-pod', operator: 'In', values: ['true'] };
const blocks = (...cidrs: string[]) => cidrs.map((cidr) => ({ ipBlock: { cidr } }));
const nobody = {
  namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'DoesNotExist' }] },
};

describe('a policy below', () => {
  test('has our marks, and selects of our pods those that it selects above', () => {
    const { metadata, spec } = policyDown(upperPolicy({}), options);
    expect(metadata?.labels).toEqual({ a: 'b', 'virtual-pod': 'true' });
    expect(metadata?.annotations).toEqual({
      note: 'x',
      'isthmus.io/upper-cluster': 'upper-cluster-uid',
      'isthmus.io/upper-uid': 'policy-uid',
      'isthmus.io/virtual-node': 'vk-a',
    });
    expect(spec).toEqual({
      podSelector: { matchLabels: { app: 'web' }, matchExpressions: [virtual] },
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  test('of everybody means nobody but our pods', () => {
    const ofTwo = { matchExpressions: [{ key: 'virtual-pod', operator: 'DoesNotExist' }] };
    expect(down({ podSelector: {} })['podSelector']).toEqual({ matchExpressions: [virtual] });
    expect(down({ podSelector: ofTwo })['podSelector']).toEqual({
      matchExpressions: [...ofTwo.matchExpressions, virtual],
    });
  });

  test.each<[string, object[] | undefined, object[] | undefined]>([
    ['everybody', undefined, undefined],
    ['everybody, by an empty list', [], []],
    [
      'addresses',
      [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }],
      [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }],
    ],
    [
      'pods of its namespace',
      [{ podSelector: front }],
      [{ podSelector: front }, ...blocks('10.2.0.1/32', 'fd00::2/128')],
    ],
    [
      'namespaces',
      [{ namespaceSelector: team }],
      [{ namespaceSelector: named }, ...blocks('10.2.0.1/32', '10.2.0.9/32')],
    ],
    [
      'pods of namespaces',
      [{ namespaceSelector: team, podSelector: front }],
      [{ namespaceSelector: named, podSelector: front }, ...blocks('10.2.0.1/32', '10.2.0.9/32')],
    ],
    [
      'the same pod twice',
      [{ podSelector: front }, { namespaceSelector: team }],
      [
        { podSelector: front },
        ...blocks('10.2.0.1/32', 'fd00::2/128'),
        { namespaceSelector: named },
        ...blocks('10.2.0.9/32'),
      ],
    ],
    // It must not come to let everybody in.
    [
      'namespaces of which there is none',
      [{ namespaceSelector: { matchLabels: { team: 'red' } } }],
      [nobody],
    ],
  ])('lets in %s', (_, peers, expected) => {
    const ports = [{ port: 80, protocol: 'TCP' }];
    const rule = (direction: string, list: object[] | undefined) => [
      { ports, ...(list && { [direction]: list }) },
    ];
    expect(down({ ingress: rule('from', peers) })['ingress']).toEqual(rule('from', expected));
    expect(down({ egress: rule('to', peers) })['egress']).toEqual(rule('to', expected));
  });

  test('is written when it differs, on the state that was seen', () => {
    const desired = policyDown(upperPolicy({ ingress: [{ from: [{ podSelector: front }] }] }), options);
    const lower = { ...desired, metadata: { ...desired.metadata, uid: 'lower', resourceVersion: '8' } };
    expect(policyToWrite(desired, lower)).toBeUndefined();
    const open = { ...lower, spec: { podSelector: {}, policyTypes: ['Ingress'] } };
    expect(policyToWrite(desired, open)).toMatchObject({
      metadata: { uid: 'lower', resourceVersion: '8' },
      spec: desired.spec,
    });
  });
});
