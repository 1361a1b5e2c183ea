import { describe, expect, test } from 'vitest';
import type { PodSpec } from '../kube/types.ts';
import {
  mountsTokens,
  serviceAccountDown,
  serviceAccountModes,
  tokenNeeds,
  tokenSecretName,
} from './service-account.ts';
import { lowerPod, raw, upperPod } from './test-objects.ts';

const uid = '6f1c2b9e-0a6b-4c7e-9a53-0d6a3b1c4d5e';
const api = { host: 'api.upper', port: '6443' };
const down = (spec: object, mode: (typeof serviceAccountModes)[number] = 'upper') =>
  serviceAccountDown(raw<PodSpec>({ containers: [{ name: 'main' }], ...spec }), uid, mode, api);

/** As the API server's admission adds it. */
const tokenVolume = {
  name: 'kube-api-access-abcde',
  projected: {
    defaultMode: 420,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ],
  },
};
const mount = { name: tokenVolume.name, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
const vault = {
  name: 'vault',
  projected: {
    sources: [
      { secret: { name: 's' } },
      { serviceAccountToken: { audience: 'vault', expirationSeconds: 600, path: 'vault/token' } },
      { serviceAccountToken: { path: 'plain' } },
    ],
  },
};
const fromSecret = (key: string, path: string) => ({
  secret: { name: `isthmus-tokens-${uid}`, items: [{ key, path }] },
});

describe('tokenNeeds', () => {
  const needs = (volumes: unknown) => tokenNeeds(upperPod({ spec: { volumes } }));

  test('each token of each volume, with its audience, its time and a key of its own', () => {
    expect(needs([{ name: 'x', emptyDir: {} }, tokenVolume, vault])).toEqual([
      { key: 'kube-api-access-abcde.0', audience: '', expirationSeconds: 3607 },
      { key: 'vault.1', audience: 'vault', expirationSeconds: 600 },
      { key: 'vault.2', audience: '', expirationSeconds: 3600 },
    ]);
  });

  test('the key of the longest name of a volume is a lawful key of a Secret', () => {
    const sources = Array.from({ length: 12 }, () => ({ serviceAccountToken: { path: 't' } }));
    for (const { key } of needs([{ name: 'v'.repeat(63), projected: { sources } }]))
      expect(key).toMatch(/^[-._a-zA-Z0-9]{1,253}$/);
  });

  test.each([
    [null],
    [undefined],
    [[]],
    [[{ name: 'v', projected: null }]],
    [[{ name: 'v', projected: { sources: null } }]],
    [[{ name: 'v', projected: { sources: [{ serviceAccountToken: null }] } }]],
    [[{ name: 'v', secret: { secretName: 's' } }]],
  ])('%j needs none', (volumes) => {
    expect(needs(volumes)).toEqual([]);
  });
});

describe('mode upper', () => {
  test('a token is read from the Secret, what stands beside it as it is', () => {
    const [, ca, namespace] = tokenVolume.projected.sources;
    const spec = down({ volumes: [tokenVolume, vault], containers: [{ name: 'a', volumeMounts: [mount] }] });
    expect(spec.volumes).toEqual([
      {
        ...tokenVolume,
        projected: {
          defaultMode: 420,
          sources: [fromSecret('kube-api-access-abcde.0', 'token'), ca, namespace],
        },
      },
      {
        name: 'vault',
        projected: {
          sources: [
            { secret: { name: 's' } },
            fromSecret('vault.1', 'vault/token'),
            fromSecret('vault.2', 'plain'),
          ],
        },
      },
    ]);
    expect(spec.containers[0]?.volumeMounts).toEqual([mount]);
  });

  test('every key that the volumes read is one that is needed', () => {
    const volumes = [tokenVolume, vault];
    const read = down({ volumes }).volumes?.flatMap(({ projected }) =>
      (projected?.sources ?? []).flatMap(({ secret }) =>
        secret?.name === tokenSecretName(uid) ? (secret.items?.map(({ key }) => key) ?? []) : [],
      ),
    );
    expect(read).toEqual(tokenNeeds(upperPod({ spec: { volumes } })).map(({ key }) => key));
  });

  test('the lower pod is nobody below', () => {
    const spec = down({ serviceAccount: 'builder', serviceAccountName: 'builder' });
    expect(spec).not.toHaveProperty('serviceAccount');
    expect(spec).not.toHaveProperty('serviceAccountName');
    expect(spec.automountServiceAccountToken).toBe(false);
  });

  const ours = [
    { name: 'KUBERNETES_SERVICE_HOST', value: 'api.upper' },
    { name: 'KUBERNETES_SERVICE_PORT', value: '6443' },
    { name: 'KUBERNETES_SERVICE_PORT_HTTPS', value: '6443' },
  ];
  const own = { name: 'KUBERNETES_SERVICE_HOST', value: 'proxy.mine' };
  const url = { name: 'URL', value: 'https://$(KUBERNETES_SERVICE_HOST)/' };

  test.each([
    ['no variables', undefined, ours],
    ['null variables', null, ours],
    // A variable sees those before it (pkg/kubelet, makeEnvironmentVariables): ours come first.
    ['variables that are made of it', [url], [...ours, url]],
    ['its own address', [url, own], [...ours.slice(1), url, own]],
    [
      'its own address from elsewhere',
      [{ name: 'KUBERNETES_SERVICE_PORT', valueFrom: { configMapKeyRef: { name: 'c', key: 'p' } } }],
      [
        ours[0],
        ours[2],
        { name: 'KUBERNETES_SERVICE_PORT', valueFrom: { configMapKeyRef: { name: 'c', key: 'p' } } },
      ],
    ],
  ])('a container with %s finds the upper API server, unless it knows better', (_, env, expected) => {
    const container = { name: 'a', env };
    const spec = down({
      containers: [container],
      initContainers: [container],
      ephemeralContainers: [{ ...container, targetContainerName: 'a' }],
    });
    expect(spec.containers[0]?.env).toEqual(expected);
    expect(spec.initContainers?.[0]?.env).toEqual(expected);
    expect(spec.ephemeralContainers?.[0]).toEqual({ name: 'a', targetContainerName: 'a', env: expected });
  });
});

describe('mode lower', () => {
  test('the account goes down by name, and the lower admission mounts its token', () => {
    const spec = {
      serviceAccount: 'builder',
      serviceAccountName: 'builder',
      automountServiceAccountToken: true,
    };
    const containers = [
      { name: 'a', env: [{ name: 'X', value: 'x' }], volumeMounts: [mount, { name: 'vault' }] },
    ];
    expect(down({ ...spec, containers, volumes: [tokenVolume, vault] }, 'lower')).toEqual({
      ...spec,
      containers: [{ ...containers[0], volumeMounts: [{ name: 'vault' }] }],
      volumes: [vault],
    });
  });
});

describe('mode none', () => {
  test('there is no account, no token and no address', () => {
    const containers = [{ name: 'a', volumeMounts: [mount] }];
    const spec = {
      serviceAccountName: 'builder',
      serviceAccount: 'builder',
      volumes: [tokenVolume],
      containers,
    };
    expect(down(spec, 'none')).toEqual({
      automountServiceAccountToken: false,
      volumes: [],
      containers: [{ name: 'a', volumeMounts: [] }],
    });
  });
});

test.each(serviceAccountModes)('mode %s takes a spec with nulls and without lists', (mode) => {
  expect(() =>
    down({ volumes: null, containers: null, initContainers: null, ephemeralContainers: null }, mode),
  ).not.toThrow();
});

describe('mountsTokens', () => {
  const mounts = (volumes: unknown) => mountsTokens(lowerPod({ spec: { volumes } }), uid);

  test('of its own Secret only', () => {
    expect(mounts(down({ volumes: [vault] }).volumes)).toBe(true);
    expect(
      mounts([{ name: 'v', projected: { sources: [{ secret: { name: tokenSecretName('other') } }] } }]),
    ).toBe(false);
    for (const volumes of [
      null,
      [],
      [{ name: 'v', projected: null }],
      [{ name: 'v', projected: { sources: null } }],
    ])
      expect(mounts(volumes)).toBe(false);
  });

  test('the Secret has a lawful name', () => {
    expect(tokenSecretName(uid)).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
  });
});

describe('the usual name of the API server', () => {
  const named = (mode: 'upper' | 'lower' | 'none', alias?: string) =>
    serviceAccountDown(
      raw<PodSpec>({
        containers: [{ name: 'main' }],
        hostAliases: [{ ip: '192.0.2.1', hostnames: ['own'] }],
      }),
      uid,
      mode,
      { ...api, ...(alias && { alias }) },
    ).hostAliases;

  test('means the upper one to a pod of its account, where somebody wants that', () => {
    expect(named('upper', '10.9.0.9')).toEqual([
      { ip: '192.0.2.1', hostnames: ['own'] },
      {
        ip: '10.9.0.9',
        hostnames: ['kubernetes.default.svc', 'kubernetes.default', 'kubernetes.default.svc.cluster.local'],
      },
    ]);
  });

  test.each<[Parameters<typeof named>]>([[['upper']], [['lower', '10.9.0.9']], [['none', '10.9.0.9']]])(
    'means the lower one otherwise: %j',
    (asked) => {
      expect(named(...asked)).toEqual([{ ip: '192.0.2.1', hostnames: ['own'] }]);
    },
  );
});
