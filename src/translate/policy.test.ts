import { describe, expect, test } from 'vitest';
import { forbiddenUse, refusable } from './policy.ts';
import { debugRefusal, refusalOf } from './refusal.ts';
import { options, raw, upperPod } from './test-objects.ts';

const everything = new Set(refusable);
const container = (fields: object) => [{ name: 'ok' }, { name: 'c', ...fields }];
const privileged = container({ securityContext: { privileged: true } });
const hostPort = container({ ports: [{ containerPort: 80 }, { containerPort: 81, hostPort: 81 }] });

const uses = [
  [
    'hostPath',
    {
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 'b', hostPath: { path: '/' } },
      ],
    },
  ],
  ['privileged', { containers: privileged }],
  ['privileged', { initContainers: privileged }],
  ['privileged', { ephemeralContainers: privileged }],
  ['hostNetwork', { hostNetwork: true }],
  ['hostPID', { hostPID: true }],
  ['hostIPC', { hostIPC: true }],
  ['hostPorts', { containers: hostPort }],
  ['hostPorts', { initContainers: hostPort }],
] as const;

describe('forbiddenUse', () => {
  test.each(uses)('%s is seen in %j, and only where it is forbidden', (feature, spec) => {
    const pod = upperPod({ spec });
    expect(forbiddenUse(pod, everything)).toBe(feature);
    expect(forbiddenUse(pod, new Set([feature]))).toBe(feature);
    expect(forbiddenUse(pod, new Set(refusable.filter((other) => other !== feature)))).toBeUndefined();
  });

  test('each feature has a pod that uses it', () => {
    expect(new Set(uses.map(([feature]) => feature))).toEqual(everything);
  });

  test.each([
    {},
    { volumes: null, containers: null, initContainers: null, ephemeralContainers: null },
    { hostNetwork: false, hostPID: null, hostIPC: undefined },
    { containers: container({ ports: null, securityContext: null }) },
    {
      containers: container({
        ports: [{ containerPort: 80, hostPort: 0 }],
        securityContext: { privileged: false },
      }),
    },
    { volumes: [{ name: 'a', hostPath: null, emptyDir: {} }] },
  ])('%j uses nothing of it', (spec) => {
    expect(forbiddenUse(upperPod({ spec }), everything)).toBeUndefined();
    expect(forbiddenUse(raw({}), everything)).toBeUndefined();
  });
});

describe('the refusal', () => {
  test('names what is forbidden, and the flag that forbids it', () => {
    const pod = upperPod({ spec: { hostNetwork: true } });
    expect(refusalOf(pod, { ...options, refused: new Set(['hostNetwork']) })).toEqual({
      reason: 'RefusedByPolicy',
      message: expect.stringMatching(/hostNetwork .*--refuse/),
    });
    expect(refusalOf(pod, options)).toBeUndefined();
  });

  test('of a debug container names the container; what the pod itself does was looked at before', () => {
    const pod = (ephemeralContainers: unknown) =>
      upperPod({ spec: { hostNetwork: true, ephemeralContainers } });
    expect(debugRefusal(pod(privileged), everything)).toEqual({
      reason: 'RefusedByPolicy',
      message: expect.stringMatching(/container "c".* privileged .*--refuse/),
    });
    expect(debugRefusal(pod(privileged), new Set(['hostPath']))).toBeUndefined();
    for (const none of [null, undefined, [], [{ name: 'ok' }]])
      expect(debugRefusal(pod(none), everything)).toBeUndefined();
  });

  test('comes after what nobody could carry', () => {
    const pod = upperPod({ spec: { hostNetwork: true, resourceClaims: [{ name: 'gpu' }] } });
    expect(refusalOf(pod, { ...options, refused: everything })?.reason).toBe('ResourceClaimsNotSupported');
  });
});

describe('tokens', () => {
  const token = { serviceAccountToken: { path: 't' } };
  const pod = (name: string, ...sources: object[]) =>
    upperPod({ spec: { volumes: [{ name, projected: { sources } }] } });

  test.each([
    ['upper', 'mine', undefined],
    ['lower', 'mine', undefined],
    ['none', 'mine', 'VolumeNotSupported'],
    ['none', 'kube-api-access-x', undefined],
  ] as const)('with mode %s one in the volume %s: %s', (serviceAccounts, name, reason) => {
    expect(refusalOf(pod(name, token), { ...options, serviceAccounts })?.reason).toBe(reason);
  });

  test('a trust bundle is refused even in a volume that is named like the token’s', () => {
    const bundle = { clusterTrustBundle: { name: 'b', path: 'b' } };
    expect(refusalOf(pod('kube-api-access-x', token, bundle), options)?.message).toMatch(/trust bundles/);
  });
});
