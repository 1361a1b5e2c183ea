import { describe, expect, test } from 'vitest';
import yargs from 'yargs';
import { refusable } from '../translate/policy.ts';
import { podDownOptions } from './pod-down-options.ts';
import { type ProviderFlags, providerFlags } from './provider-flags.ts';

/** What a start line says, with the defaults of all flags it does not have. */
function optionsOf(line: string, upperServer = 'https://10.1.2.3:6443') {
  const flags = yargs(line.split(' ').filter(Boolean)).options(providerFlags).parseSync() as ProviderFlags;
  return podDownOptions(flags, new URL(upperServer));
}

test('without flags', () => {
  expect(optionsOf('')).toEqual({
    ignoreLabels: new Set(),
    serviceAccounts: 'upper',
    upperApi: { host: '10.1.2.3', port: '6443' },
    refused: new Set(),
  });
});

test.each([
  ['--service-account-mode=lower', 'lower'],
  ['--service-account-mode none', 'none'],
  ['--enable-serviceaccount=false', 'none'],
  ['--enable-serviceaccount', 'upper'],
  ['--enable-serviceaccount=false --service-account-mode=upper', 'none'],
])('%s means mode %s', (line, mode) => {
  expect(optionsOf(line).serviceAccounts).toBe(mode);
});

test.each([
  ['a,b', ['a', 'b']],
  ['a,,app.kubernetes.io/name,', ['a', 'app.kubernetes.io/name']],
])('--ignore-labels=%s', (text, labels) => {
  expect(optionsOf(`--ignore-labels=${text}`).ignoreLabels).toEqual(new Set(labels));
});

describe('--refuse', () => {
  test('takes every feature there is', () => {
    expect(optionsOf(`--refuse=${refusable.join(',')}`).refused).toEqual(new Set(refusable));
  });

  test.each(['hostpath', 'hostPath,root', 'hostPath hostPID'])('does not take "%s" for something', (text) => {
    const flags = { ...yargs([]).options(providerFlags).parseSync(), refuse: text } as ProviderFlags;
    expect(() => podDownOptions(flags, new URL('https://x'))).toThrow(/is none of hostPath, /);
  });
});

describe('where the upper API server is', () => {
  test.each([
    ['', 'https://10.1.2.3', '10.1.2.3', '443'],
    ['', 'https://10.1.2.3:443', '10.1.2.3', '443'],
    ['', 'https://[fd00::1]:6443/prefix', 'fd00::1', '6443'],
    ['', 'http://127.0.0.1:8080', '127.0.0.1', '8080'],
    ['', 'http://127.0.0.1', '127.0.0.1', '80'],
    ['--upper-api-address=api.example.com:8443', 'https://10.1.2.3', 'api.example.com', '8443'],
    ['--upper-api-address=api.example.com', 'https://10.1.2.3', 'api.example.com', '443'],
    ['--upper-api-address=[fd00::1]:8443', 'https://10.1.2.3', 'fd00::1', '8443'],
  ])('"%s" with a kubeconfig for %s', (line, server, host, port) => {
    expect(optionsOf(line, server).upperApi).toEqual({ host, port });
  });

  test.each(['https://api:6443', 'api:port', 'api:99999', 'fd00::1', ':6443'])(
    '"%s" is not an address',
    (address) => {
      expect(() => optionsOf(`--upper-api-address=${address}`)).toThrow(/write it as host:port/);
    },
  );
});
