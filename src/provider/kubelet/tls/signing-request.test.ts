import 'reflect-metadata';
import { createPrivateKey } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Client } from '../../../kube/client.ts';
import { KubeError } from '../../../kube/errors.ts';
import { requestCertificate } from './signing-request.ts';

vi.setConfig({ testTimeout: 20_000 });

interface Sent {
  metadata: { generateName: string };
  spec: { request: string; signerName: string; usages: string[] };
}

let sent: Sent | undefined;
let logged: string[];
/** What each look at the request finds, in turn; the last for ever. */
let answers: (object | Error)[];
const stopping = new AbortController();

const upper = {
  create: async (_resource: unknown, object: Sent) => {
    sent = object;
    return { ...object, metadata: { name: 'isthmus-vk-1' } };
  },
  get: async () => {
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? {};
    if (answer instanceof Error) throw answer;
    return { status: answer };
  },
} as unknown as Client;

beforeEach(() => {
  [sent, logged, answers] = [undefined, [], [{}]];
});
afterEach(() => vi.restoreAllMocks());

const request = () =>
  requestCertificate(
    {
      upper,
      nodeName: 'vk',
      addresses: ['10.0.0.1', 'vk.example', 'vk'],
      logger: pino({}, { write: (line: string) => void logged.push(line) }),
    },
    stopping.signal,
  );
const encoded = (text: string) => Buffer.from(text).toString('base64');

it('asks for what the signer takes, and says how to approve it', async () => {
  answers = [{ certificate: encoded('PEM') }];
  const { cert, key } = await request();
  expect(cert).toBe('PEM');
  expect(sent?.metadata).toEqual({ generateName: 'isthmus-vk-' });
  expect(sent?.spec).toMatchObject({
    signerName: 'kubernetes.io/kubelet-serving',
    usages: ['digital signature', 'server auth'],
  });
  expect(logged.join()).toContain('kubectl certificate approve isthmus-vk-1');
  const text = Buffer.from(sent?.spec.request ?? '', 'base64').toString();
  const csr = new x509.Pkcs10CertificateRequest(text);
  expect(csr.subject).toBe('O=system:nodes, CN=system:node:vk');
  const names = csr.extensions.find((extension) => extension instanceof x509.SubjectAlternativeNameExtension);
  expect(names?.names.toJSON()).toEqual([
    { type: 'dns', value: 'vk' },
    { type: 'ip', value: '10.0.0.1' },
    { type: 'dns', value: 'vk.example' },
  ]);
  expect(await csr.verify()).toBe(true);
  const own = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' }).toString();
  expect(own).toContain('PRIVATE KEY');
  expect(JSON.stringify(sent) + logged.join()).not.toContain('PRIVATE');
});

it('waits for as long as it takes, also while the cluster is away', async () => {
  const away = new KubeError('Unreachable', 'away');
  const approved = { conditions: [{ type: 'Approved' }] };
  answers = [{}, away, approved, { ...approved, certificate: encoded('PEM') }];
  vi.spyOn(Math, 'random').mockReturnValue(0);
  expect((await request()).cert).toBe('PEM');
});

it.each([
  [
    'denied',
    { conditions: [{ type: 'Denied', message: 'not here' }] },
    'request isthmus-vk-1 is Denied: not here',
  ],
  ['failed', { conditions: [{ type: 'Failed' }] }, 'request isthmus-vk-1 is Failed'],
  ['cleaned away', new KubeError('NotFound', 'gone'), 'gone'],
])('ends when it is %s', async (_name, answer, message) => {
  answers = [answer];
  await expect(request()).rejects.toThrow(message);
});
