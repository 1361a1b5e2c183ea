import { expect, test } from 'vitest';
import { bundlePatch, hostsOf } from './configuration.ts';

const service = { service: { namespace: 'shop', name: 'web', path: '/mutate' } };
const configuration = (...clientConfigs: object[]) =>
  ({
    metadata: { name: 'isthmus-webhook', uid: 'u', resourceVersion: '7' },
    webhooks: clientConfigs.map((clientConfig, index) => ({ name: `w${index}`, clientConfig })),
  }) as never;

test.each([
  ['a service', [service], ['web.shop.svc']],
  ['the same twice', [service, service], ['web.shop.svc']],
  ['an address', [{ url: 'https://10.0.0.1:8443/mutate' }], ['10.0.0.1']],
  ['an address of version 6', [{ url: 'https://[fd00::1]:8443/mutate' }], ['fd00::1']],
  ['several', [service, { url: 'https://a.example/mutate' }], ['web.shop.svc', 'a.example']],
  ['nonsense', [{ url: 'nonsense' }, {}], []],
])('the hosts of %s', (_, clientConfigs, hosts) => {
  expect(hostsOf(configuration(...clientConfigs))).toEqual(hosts);
});

test('no configuration leads nowhere', () => {
  expect(hostsOf(undefined)).toEqual([]);
  expect(hostsOf({})).toEqual([]);
  expect(hostsOf({ webhooks: 'nonsense' } as never)).toEqual([]);
});

test('only what trusts something else is patched, and in that version only', () => {
  const caBundle = Buffer.from('bundle').toString('base64');
  const one = configuration({ ...service, caBundle: 'b3RoZXI=' }, { ...service, caBundle }, service);
  expect(bundlePatch(one, 'bundle')).toEqual({
    metadata: { uid: 'u', resourceVersion: '7' },
    webhooks: [
      { name: 'w0', clientConfig: { caBundle } },
      { name: 'w2', clientConfig: { caBundle } },
    ],
  });
  expect(bundlePatch(configuration({ ...service, caBundle }), 'bundle')).toBeUndefined();
});
