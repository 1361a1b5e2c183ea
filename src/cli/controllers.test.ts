import { expect, test } from 'vitest';
import type { Transport } from '../kube/transport.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { enabledControllers } from './controllers.ts';
import { providerFlags } from './provider-flags.ts';

const enabled = (names: string) =>
  enabledControllers(names, {
    upper: {} as Transport,
    metrics: createMetrics('test').metricsFor(''),
    logger: undefined as never,
    flags: { 'storage-provisioners': '' },
  });

test.each([
  [providerFlags['enable-controllers'].default, 2],
  // Without PVControllers one tells pods with claims that nobody carries them.
  ['ServiceControllers', 2],
  [' ServiceControllers , NetworkPolicyControllers ', 3],
  ['PVControllers', 1],
  ['', 1],
])('"%s" names %i controllers', (names, count) => {
  expect(enabled(names).length).toBe(count);
});

test('a slip is no silent way to have none', () => {
  expect(() => enabled('PVControllers,ServiceController')).toThrow(
    '--enable-controllers: "ServiceController" is none of PVControllers, ServiceControllers, NetworkPolicyControllers',
  );
});
