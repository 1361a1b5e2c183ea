import { describe, expect, test } from 'vitest';
import { refusalOf as refusalFor } from './refusal.ts';
import { raw, upperPod } from './test-objects.ts';

const refusalOf = (pod: Parameters<typeof refusalFor>[0]) =>
  refusalFor(pod, { serviceAccounts: 'none', refused: new Set() });
const token = { serviceAccountToken: { path: 'token' } };
const projected = (...sources: object[]) => ({ projected: { sources } });
const refused = (spec: object) => refusalOf(upperPod({ spec }))?.reason;

describe('volumes', () => {
  test.each<[string, object]>([
    ['a token of another audience', projected(token)],
    ['a token among others', projected({ secret: { name: 's' } }, token)],
    ['a trust bundle among others', projected({ secret: { name: 's' } }, { clusterTrustBundle: {} })],
    ['a trust bundle', projected({ clusterTrustBundle: { name: 'b' } })],
    ['a pod certificate', projected({ podCertificate: { signerName: 's' } })],
  ])('%s is refused, by the name of the volume', (_, source) => {
    expect(
      refusalOf(
        upperPod({
          spec: {
            volumes: [
              { name: 'ok', emptyDir: {} },
              { name: 'v', ...source },
            ],
          },
        }),
      ),
    ).toEqual({
      reason: 'VolumeNotSupported',
      message: expect.stringMatching(/^volume "v": \S/),
    });
  });

  test.each<[string, object]>([
    ['emptyDir', { emptyDir: {} }],
    ['a claim', { persistentVolumeClaim: { claimName: 'c' } }],
    ['a claim of its own', { ephemeral: { volumeClaimTemplate: {} } }],
    ['hostPath', { hostPath: { path: '/x' } }],
    ['a projection of other sources', projected({ secret: { name: 's' } }, { downwardAPI: {} })],
    ['null sources', { projected: { sources: null } }],
    ['nulls', { persistentVolumeClaim: null, ephemeral: null, projected: null }],
    ['null within', projected({ clusterTrustBundle: null, podCertificate: null, serviceAccountToken: null })],
  ])('%s is not refused', (_, source) => {
    expect(refused({ volumes: [{ name: 'v', ...source }] })).toBeUndefined();
  });

  test('the volume of the service account token is not refused: it stays above', () => {
    const root = { configMap: { name: 'kube-root-ca.crt' } };
    expect(refused({ volumes: [{ name: 'kube-api-access-x', ...projected(token, root) }] })).toBeUndefined();
  });
});

test.each([
  [{ resourceClaims: [{ name: 'gpu' }] }, 'ResourceClaimsNotSupported'],
  [{ resourceClaims: [] }, undefined],
  [{ resourceClaims: null }, undefined],
  [{ volumes: null }, undefined],
])('%j: %s', (spec, reason) => {
  expect(refused(spec)).toBe(reason);
});

test.each([
  ['{"nodeSelector":[]}', 'InvalidClusterSelector'],
  ['{}', undefined],
])('clusterSelector %s: %s', (clusterSelector, reason) => {
  expect(refusalOf(upperPod({ metadata: { annotations: { clusterSelector } } }))?.reason).toBe(reason);
});

test.each([{}, { spec: null, metadata: null }])('%j is not refused', (pod) => {
  expect(refusalOf(raw(pod))).toBeUndefined();
});
