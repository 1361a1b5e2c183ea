import { describe, expect, test } from 'vitest';
import type { CSINode, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import { raw } from '../../translate/test-objects.ts';
import { explain } from '../fit.ts';
import type { Picture } from '../picture.ts';
import { against, node, pictureOf, pod, podOn, zoned } from '../test-pictures.ts';

const zone = 'topology.kubernetes.io/zone';
const affinityConflict = "node(s) didn't match PersistentVolume's node affinity";
const nothingToBind = "node(s) didn't find available persistent volumes to bind";
const inUse =
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';

const storageClass = (name: string, more: object = {}): StorageClass =>
  raw({
    metadata: { name },
    provisioner: 'example.com/disk',
    volumeBindingMode: 'WaitForFirstConsumer',
    ...more,
  });
const claim = (
  name: string,
  spec: object = {},
  annotations: object = {},
  more: object = {},
): PersistentVolumeClaim =>
  raw({
    metadata: { namespace: 'default', name, annotations },
    spec: { resources: { requests: { storage: '1Gi' } }, ...spec },
    ...more,
  });
const boundClaim = (name: string, volumeName: string, more: object = {}) =>
  claim(name, { volumeName, storageClassName: '', ...more }, { 'pv.kubernetes.io/bind-completed': 'yes' });
const volume = (name: string, spec: object = {}, labels: object = {}, phase = 'Bound'): PersistentVolume =>
  raw({
    metadata: { name, labels },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...spec },
    status: { phase },
  });
const reach = (key: string, ...values: string[]) => ({
  nodeAffinity: {
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values }] }] },
  },
});
const using = (...names: string[]) => ({
  volumes: names.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
});

interface Given {
  readonly kind: 'volume' | 'claim' | 'class' | 'limit';
  readonly of: object;
}
const zones = () => pictureOf([zoned('a1', 'a'), zoned('b1', 'b'), zoned('b2', 'b')]);
/** The picture with volumes, claims, classes and limits. */
function given(picture: Picture, ...objects: Given[]): Picture {
  for (const { kind, of } of objects) {
    if (kind === 'volume') picture.applyVolume(of as PersistentVolume);
    else if (kind === 'claim') picture.applyClaim(of as PersistentVolumeClaim);
    else if (kind === 'class') picture.applyStorageClass(of as StorageClass);
    else picture.applyCsiNode(of as CSINode);
  }
  return picture;
}
const a = (kind: Given['kind'], of: object): Given => ({ kind, of });

describe('claims that are bound', () => {
  test.each<[string, PersistentVolume, object]>([
    ['a volume that is everywhere', volume('v'), {}],
    ['a volume in a zone', volume('v', reach(zone, 'a')), { [affinityConflict]: 2 }],
    [
      'a volume labelled with a zone',
      volume('v', {}, { [zone]: 'a' }),
      { 'node(s) had no available volume zone': 2 },
    ],
    ['a volume labelled with two', volume('v', {}, { [zone]: 'a__b' }), {}],
    [
      'an old label',
      volume('v', {}, { 'failure-domain.beta.kubernetes.io/zone': 'b' }),
      { 'node(s) had no available volume zone': 1 },
    ],
  ])('%s', (_, which, expected) => {
    const picture = given(zones(), a('claim', boundClaim('data', 'v')), a('volume', which));
    expect(against(picture, pod('p', using('data')))).toEqual(expected);
  });

  test('nodes without any zone reach every zone', () => {
    const picture = given(
      pictureOf([node('n')]),
      a('claim', boundClaim('data', 'v')),
      a('volume', volume('v', {}, { [zone]: 'a' })),
    );
    expect(against(picture, pod('p', using('data')))).toEqual({});
  });
});

describe('a pod is refused as such', () => {
  test.each<[string, Given[], string]>([
    ['without its claim', [], 'persistentvolumeclaim "data" not found'],
    [
      'with a claim that is going',
      [a('claim', raw({ metadata: { namespace: 'default', name: 'data', deletionTimestamp: 'now' } }))],
      'persistentvolumeclaim "data" is being deleted',
    ],
    [
      'with a lost claim',
      [a('claim', claim('data', { volumeName: 'v' }, {}, { status: { phase: 'Lost' } }))],
      'persistentvolumeclaim "data" bound to non-existent persistentvolume "v"',
    ],
    [
      'with a claim without class',
      [a('claim', claim('data', { storageClassName: '' }))],
      'pod has unbound immediate PersistentVolumeClaims',
    ],
    [
      'with a claim of an unknown class',
      [a('claim', claim('data', { storageClassName: 'c' }))],
      'pod has unbound immediate PersistentVolumeClaims',
    ],
    [
      'with a claim that does not wait',
      [
        a('class', storageClass('c', { volumeBindingMode: 'Immediate' })),
        a('claim', claim('data', { storageClassName: 'c' })),
      ],
      'pod has unbound immediate PersistentVolumeClaims',
    ],
    [
      'with a claim that is half bound',
      [a('class', storageClass('c')), a('claim', claim('data', { storageClassName: 'c', volumeName: 'v' }))],
      'pod has unbound immediate PersistentVolumeClaims',
    ],
    ['without its volume', [a('claim', boundClaim('data', 'v'))], 'persistentvolume "v" not found'],
  ])('%s', (_, objects, reason) => {
    const picture = given(zones(), ...objects);
    expect(explain(picture, pod('p', using('data')))).toEqual({
      feasible: 0,
      nodes: 3,
      reasons: new Map([[reason, 3]]),
      ownReason: reason,
    });
  });
});

describe('claims that wait for their pod', () => {
  const waiting = (name = 'data', spec: object = {}) =>
    a('claim', claim(name, { storageClassName: 'c', accessModes: ['ReadWriteOnce'], ...spec }));
  const topologies = (...all: Record<string, string[]>[]) => ({
    allowedTopologies: all.map((each) => ({
      matchLabelExpressions: Object.entries(each).map(([key, values]) => ({ key, values })),
    })),
  });
  const local = storageClass('c', { provisioner: 'kubernetes.io/no-provisioner' });
  const free = (name: string, on: string, spec: object = {}) =>
    a(
      'volume',
      volume(
        name,
        { storageClassName: 'c', ...reach('kubernetes.io/hostname', on), ...spec },
        {},
        'Available',
      ),
    );
  test.each<[string, object, Given[], object]>([
    ['volumes are made anywhere', storageClass('c'), [], {}],
    ['in a zone', storageClass('c', topologies({ [zone]: ['b'] })), [], { [nothingToBind]: 1 }],
    ['in one of two', storageClass('c', topologies({ [zone]: ['a'] }, { [zone]: ['b', 'c'] })), [], {}],
    [
      'where all labels are',
      storageClass('c', topologies({ [zone]: ['b'], disk: ['ssd'] })),
      [],
      { [nothingToBind]: 3 },
    ],
    ['nowhere', storageClass('c', topologies({})), [], { [nothingToBind]: 3 }],
    ['none is made', local, [], { [nothingToBind]: 3 }],
    ['one is there', local, [free('v', 'b2')], { [nothingToBind]: 2 }],
    [
      'one that is too small',
      local,
      [free('v', 'b2', { capacity: { storage: '1Mi' } })],
      { [nothingToBind]: 3 },
    ],
    ['one of another mode', local, [free('v', 'b2', { volumeMode: 'Block' })], { [nothingToBind]: 3 }],
    [
      'one of another access mode',
      local,
      [free('v', 'b2', { accessModes: ['ReadOnlyMany'] })],
      { [nothingToBind]: 3 },
    ],
    [
      'one that is meant for it',
      local,
      [free('v', 'b2', { claimRef: { namespace: 'default', name: 'data' } }), free('w', 'a1')],
      { [nothingToBind]: 2 },
    ],
    [
      'one that is meant for others',
      local,
      [free('v', 'b2', { claimRef: { namespace: 'default', name: 'x' } })],
      { [nothingToBind]: 3 },
    ],
  ])('%s', (_, which, objects, expected) => {
    const picture = given(zones(), a('class', which), waiting(), ...objects);
    expect(against(picture, pod('p', using('data')))).toEqual(expected);
  });

  test('two claims need two volumes', () => {
    const picture = given(
      zones(),
      a('class', local),
      waiting('one'),
      waiting('two'),
      free('v', 'a1'),
      free('w', 'a1'),
      free('x', 'b1'),
    );
    expect(against(picture, pod('p', using('one', 'two')))).toEqual({ [nothingToBind]: 2 });
    picture.removeVolume('w');
    expect(against(picture, pod('p', using('one', 'two')))).toEqual({ [nothingToBind]: 3 });
  });

  test('a node that was selected for it is the only one', () => {
    const chosen = claim('data', { storageClassName: 'c' }, { 'volume.kubernetes.io/selected-node': 'b1' });
    const picture = given(zones(), a('class', storageClass('c')), a('claim', chosen));
    expect(against(picture, pod('p', using('data')))).toEqual({ [nothingToBind]: 2 });
  });

  test('claims that come with the pod need not be there, and get the default class', () => {
    const picture = given(
      zones(),
      a(
        'class',
        storageClass('c', {
          ...topologies({ [zone]: ['a'] }),
          metadata: { name: 'c', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
        }),
      ),
    );
    expect(explain(picture, pod('p', using('data')), [claim('data')]).feasible).toBe(1);
    expect(
      explain(picture, pod('p', using('data')), [claim('data', { storageClassName: 'gone' })]).feasible,
    ).toBe(0);
    const ephemeral = {
      volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec: { storageClassName: 'c' } } } }],
    };
    expect(explain(picture, pod('p', ephemeral)).feasible).toBe(1);
  });
});

test('a claim for one pod only is not shared', () => {
  const exclusive = boundClaim('data', 'v', { accessModes: ['ReadWriteOncePod'] });
  const picture = given(zones(), a('claim', exclusive), a('volume', volume('v')));
  expect(against(picture, pod('p', using('data')))).toEqual({});
  picture.applyPod(podOn('a1', 'other', using('data')));
  expect(against(picture, pod('p', using('data')))).toEqual({ [inUse]: 3 });
  expect(against(picture, pod('other', using('data')))).toEqual({});
  picture.removePod('default/other');
  expect(against(picture, pod('p', using('data')))).toEqual({});
});

describe('attach limits', () => {
  const csi = (name: string, handle = name) =>
    a('volume', volume(name, { csi: { driver: 'd', volumeHandle: handle } }));
  const limited = () => {
    const limit = {
      metadata: { name: 'n' },
      spec: {
        drivers: [
          { name: 'd', nodeID: 'n', allocatable: { count: 2 } },
          { name: 'e', nodeID: 'n' },
        ],
      },
    };
    const claims = ['one', 'two', 'three'].flatMap((name) => [a('claim', boundClaim(name, name)), csi(name)]);
    const late = [
      a('class', storageClass('c', { provisioner: 'd' })),
      a('claim', claim('late', { storageClassName: 'c' })),
    ];
    return given(pictureOf([node('n')]), a('limit', limit), ...claims, ...late);
  };
  const full = { 'node(s) exceed max volume count': 1 };
  test.each<[string, string[], string[], object]>([
    ['room for one', ['one'], ['two'], {}],
    ['no room', ['one', 'two'], ['three'], full],
    ['two at once', ['one'], ['two', 'three'], full],
    ['one that is there already', ['one', 'two'], ['two'], {}],
    ['one that will be made', ['one'], ['late'], {}],
    ['one that will be made, without room', ['one', 'two'], ['late'], full],
    ['one that will be made for the other, too', ['one', 'late'], ['late'], {}],
  ])('%s', (_, there, wanted, expected) => {
    const picture = limited();
    picture.applyPod(podOn('n', 'there', using(...there)));
    expect(against(picture, pod('p', using(...wanted)))).toEqual(expected);
    picture.removePod('default/there');
    expect(against(picture, pod('p', using(...wanted)))).toEqual({});
  });

  test('what is attached is counted again when volumes change', () => {
    const picture = limited();
    picture.applyPod(podOn('n', 'there', using('one', 'two')));
    expect(against(picture, pod('p', using('three')))).toEqual(full);
    given(picture, csi('two', 'one'));
    expect(against(picture, pod('p', using('three')))).toEqual({});
    picture.removeCsiNode('n');
    given(picture, csi('two'));
    expect(against(picture, pod('p', using('three')))).toEqual({});
  });
});
