import { describe, expect, test } from 'vitest';
import type { Pod } from '../kube/types.ts';
import { referencesOf as referencesFor } from './references.ts';
import { raw } from './test-objects.ts';

const referencesOf = (pod: Parameters<typeof referencesFor>[0], withToken = false) =>
  referencesFor(pod, { withToken });
const secret = (name: string, optional = false) => ({ kind: 'Secret', name, optional });
const configMap = (name: string, optional = false) => ({ kind: 'ConfigMap', name, optional });
const of = (spec: object | null) => referencesOf(raw({ spec }));
const volume = (source: object) => of({ volumes: [{ name: 'v', ...source }] });
const ref = { name: 's' };

test.each<[string, object, object[]]>([
  ['configMap', { configMap: { name: 'c' } }, [configMap('c')]],
  ['configMap, optional', { configMap: { name: 'c', optional: true } }, [configMap('c', true)]],
  ['secret', { secret: { secretName: 's' } }, [secret('s')]],
  ['secret, optional', { secret: { secretName: 's', optional: true } }, [secret('s', true)]],
  [
    'projected',
    {
      projected: {
        sources: [
          { configMap: { name: 'c' } },
          { secret: { name: 's', optional: true } },
          { downwardAPI: {} },
          { configMap: null, secret: null },
        ],
      },
    },
    [configMap('c'), secret('s', true)],
  ],
  ['azureFile', { azureFile: { secretName: 's', shareName: 'x' } }, [secret('s')]],
  ['cephfs', { cephfs: { secretRef: ref } }, [secret('s')]],
  ['cinder', { cinder: { secretRef: ref } }, [secret('s')]],
  ['csi', { csi: { driver: 'd', nodePublishSecretRef: ref } }, [secret('s')]],
  ['flexVolume', { flexVolume: { secretRef: ref } }, [secret('s')]],
  ['iscsi', { iscsi: { secretRef: ref } }, [secret('s')]],
  ['rbd', { rbd: { secretRef: ref } }, [secret('s')]],
  ['scaleIO', { scaleIO: { secretRef: ref } }, [secret('s')]],
  ['storageos', { storageos: { secretRef: ref } }, [secret('s')]],
  ['cephfs without a secret', { cephfs: { monitors: ['m'] } }, []],
  ['a null secret', { rbd: { secretRef: null }, csi: null, secret: null, configMap: null }, []],
  ['others', { emptyDir: {} }, []],
  ['null sources', { projected: { sources: null } }, []],
])('volume: %s', (_, source, expected) => {
  expect(volume(source)).toEqual(expected);
});

describe.each(['containers', 'initContainers'])('%s', (list) => {
  test.each<[string, object, object[]]>([
    ['envFrom configMapRef', { envFrom: [{ configMapRef: { name: 'c' } }] }, [configMap('c')]],
    [
      'envFrom secretRef',
      { envFrom: [{ prefix: 'P', secretRef: { name: 's', optional: true } }] },
      [secret('s', true)],
    ],
    [
      'env configMapKeyRef',
      { env: [{ valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] },
      [configMap('c')],
    ],
    ['env secretKeyRef', { env: [{ valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }, [secret('s')]],
    [
      'env, optional',
      { env: [{ valueFrom: { secretKeyRef: { ...ref, optional: true } } }] },
      [secret('s', true)],
    ],
    [
      'other sources',
      { env: [{ name: 'A', value: 'x' }, { valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
      [],
    ],
    ['nulls', { env: null, envFrom: null }, []],
    ['nulls within', { env: [{ valueFrom: null }], envFrom: [{ configMapRef: null, secretRef: null }] }, []],
    ['names that are missing or empty', { envFrom: [{ configMapRef: {} }, { secretRef: { name: '' } }] }, []],
  ])('%s', (_, container, expected) => {
    expect(of({ [list]: [{ name: 'c' }, container] })).toEqual(expected);
  });
});

test('pull secrets: the kubelet tries without one that is missing', () => {
  expect(of({ imagePullSecrets: [{ name: 's' }, {}, { name: '' }] })).toEqual([secret('s', true)]);
});

test('each once, in the order of the pod, and mandatory if any mention is', () => {
  const env = (optional: boolean) => ({
    envFrom: [{ secretRef: { name: 's', optional } }, { configMapRef: { name: 's' } }],
  });
  expect(
    of({
      imagePullSecrets: [{ name: 's' }],
      volumes: [{ name: 'v', configMap: { name: 'z', optional: true } }],
      containers: [env(true), env(false), env(true)],
    }),
  ).toEqual([configMap('z', true), secret('s'), configMap('s')]);
});

test('a debug container counts as well', () => {
  expect(of({ ephemeralContainers: [{ name: 'debug', envFrom: [{ secretRef: ref }] }] })).toEqual([
    secret('s'),
  ]);
});

describe('the volume of the service account token', () => {
  const token = { serviceAccountToken: { path: 'token' } };
  const root = { configMap: { name: 'kube-root-ca.crt' } };
  const api = (name: string, ...sources: object[]) =>
    raw<Pod>({ spec: { volumes: [{ name, projected: { sources } }] } });

  test('counts where tokens are carried', () => {
    const pod = api('kube-api-access-x', token, root);
    expect(referencesOf(pod, true)).toEqual([configMap('kube-root-ca.crt')]);
    expect(referencesOf(pod, false)).toEqual([]);
  });

  test.each([
    ['the same by another name', api('mine', token, root)],
    ['a volume that only looks like it', api('kube-api-access-x', root)],
  ])('%s counts always', (_, pod) => {
    expect(referencesOf(pod, false)).toEqual([configMap('kube-root-ca.crt')]);
  });
});

test.each([
  {},
  { spec: null },
  { spec: {} },
  { spec: { volumes: null, containers: null, initContainers: null, imagePullSecrets: null } },
])('nothing in %j', (pod) => {
  expect(referencesOf(raw(pod))).toEqual([]);
});
