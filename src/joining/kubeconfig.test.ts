import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readInlineKubeconfig } from '../clusters/inline-kubeconfig.ts';
import type { Connection, Credentials } from '../kube/connection.ts';
import { kubeconfigText } from './kubeconfig.ts';

const connection = (tls: Credentials['tls'], proxyUrl?: string): Connection => ({
  name: 'lower',
  server: new URL('https://a:6443/k8s/clusters/c-1'),
  proxyUrl,
  credentials: async () => ({ tls, headers: { Authorization: "Bearer the administrator's" } }),
});

test('leads where the administrator goes, with the token alone', async () => {
  const admin = { ca: 'the CA', cert: 'his certificate', key: 'his key', servername: 'api' };
  const text = await kubeconfigText(connection(admin, 'http://proxy:3128'), 'the-token');
  expect(parse(text)).toMatchObject({
    clusters: [
      {
        cluster: {
          server: 'https://a:6443/k8s/clusters/c-1',
          'certificate-authority-data': btoa('the CA'),
          'tls-server-name': 'api',
          'proxy-url': 'http://proxy:3128',
        },
      },
    ],
    users: [{ user: { token: 'the-token' } }],
  });
  for (const secret of ['administrator', btoa('his certificate'), btoa('his key')])
    expect(text).not.toContain(secret);
});

test('is one that a Secret may have', async () => {
  const text = await kubeconfigText(connection({ rejectUnauthorized: false }), 'the-token');
  expect(readInlineKubeconfig('secret', text, undefined)).toMatchObject({
    value: expect.stringContaining('"insecure-skip-tls-verify":true'),
  });
});
