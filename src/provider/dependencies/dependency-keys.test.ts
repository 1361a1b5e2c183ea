import { expect, test } from 'vitest';
import { podDown } from '../../translate/pod-down.ts';
import { serviceAccountModes, tokenSecretName } from '../../translate/service-account.ts';
import { options, owner, raw, upperPod } from '../../translate/test-objects.ts';
import { keyOfCopy, keysOfLowerPod, keysOfUpperPod, neededBy, partsOf } from './dependency-keys.ts';

const rootCa = { configMap: { name: 'kube-root-ca.crt' } };
const pod = upperPod({
  spec: {
    imagePullSecrets: [{ name: 'registry' }],
    containers: [
      {
        name: 'main',
        envFrom: [{ configMapRef: { name: 'settings', optional: true } }],
        env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'login', key: 'k' } } }],
      },
    ],
    volumes: [
      {
        name: 'kube-api-access-x',
        projected: { sources: [{ serviceAccountToken: { path: 'token' } }, rootCa] },
      },
      { name: 'mine', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
    ],
  },
});
const explicit = upperPod({ spec: { volumes: [{ name: 'ca', ...rootCa }] } });

const always = ['ConfigMap/shop/settings', 'Secret/shop/login', 'Secret/shop/registry'];
const withCa = ['ConfigMap/shop/kube-root-ca.crt', ...always];

test.each([
  ['upper', withCa],
  ['lower', always],
  ['none', always],
] as const)('with mode %s a pod needs what it names', (mode, keys) => {
  expect(keysOfUpperPod(pod, mode).sort()).toEqual([...keys]);
});

test.each([
  ['upper', ['ConfigMap/shop/kube-root-ca.crt']],
  // It speaks with the lower API server, whose CA is there already.
  ['lower', []],
  ['none', ['ConfigMap/shop/kube-root-ca.crt']],
] as const)('with mode %s a pod that names the root CA itself needs %j', (mode, keys) => {
  expect(keysOfUpperPod(explicit, mode)).toEqual(keys);
});

test.each(serviceAccountModes)(
  'mode %s: the lower pod names the same, so that nothing it uses is taken away',
  (mode) => {
    for (const upper of [pod, explicit]) {
      const lower = podDown(upper, owner, { ...options, serviceAccounts: mode });
      const named = keysOfLowerPod(lower, owner);
      for (const key of keysOfUpperPod(upper, mode)) expect(named).toContain(key);
    }
  },
);

test('the tokens of a pod are no copy of anything above, so that nobody takes them for a leftover', () => {
  const lower = podDown(pod, owner, { ...options, serviceAccounts: 'upper' });
  const name = tokenSecretName(pod.metadata?.uid ?? '');
  expect(JSON.stringify(lower.spec?.volumes)).toContain(name);
  expect(keysOfLowerPod(lower, owner)).not.toContain(`Secret/shop/${name}`);
});

test('what a container can do without may be missing', () => {
  expect(
    neededBy(pod, 'upper')
      .filter(({ optional }) => optional)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['registry', 'settings']);
});

test.each([
  ['ConfigMap', 'kube-root-ca.crt', 'kube-root-ca.crt.upper-cl'],
  ['ConfigMap', 'settings', 'settings'],
  ['Secret', 'kube-root-ca.crt', 'kube-root-ca.crt'],
  ['Secret', `${'s'.repeat(249)}.crt`, `${'s'.repeat(249)}.crt`],
] as const)('the copy of %s %s leads back to it', (kind, name, lowerName) => {
  const key = keyOfCopy(kind, raw({ metadata: { namespace: 'shop', name: lowerName } }), owner);
  expect(key).toBe(`${kind}/shop/${name}`);
  expect(partsOf(key, owner)).toEqual({ kind, namespace: 'shop', name, lowerName });
});

test('a pod without a spec needs nothing', () => {
  expect(keysOfUpperPod(raw({ metadata: { name: 'a' } }), 'upper')).toEqual([]);
  expect(keysOfLowerPod(raw({ spec: null }), owner)).toEqual([]);
});
