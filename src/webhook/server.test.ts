import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, issueCertificate } from '../serving/authority.ts';
import {
  createServingKeys,
  type KeyPair,
  loadX509,
  privateKeyPem,
  servingAlgorithm,
} from '../serving/keys.ts';
import { admit } from './admit.ts';
import { createHandler, mostBytes, type ReviewResult } from './handler.ts';
import { startWebhookServer, type WebhookServer } from './server.ts';

const logger = pino({ level: 'silent' });
const inAnHour = Date.now() + 3_600_000;
const results: ReviewResult[] = [];
let authority: KeyPair;
let server: WebhookServer;
let guarded: WebhookServer;

const settings = { keysAbove: new Set(['clusterID']), taintKey: 'virtual-kubelet.io/provider' };
const facts = { isVirtualNode: () => false, selectedNode: () => undefined, tried: () => new Map() };
const handle = (verifiesClients: boolean) =>
  createHandler({
    admit: (review) => {
      if (review.uid === 'throws') throw new Error('secret detail');
      return admit(review, facts, settings);
    },
    verifiesClients,
    onReview: (result) => results.push(result),
    logger,
  });

beforeAll(async () => {
  authority = await createAuthority('test', inAnHour);
  const pair = await issueCertificate(authority, ['127.0.0.1'], inAnHour);
  const options = { host: '127.0.0.1', port: 0, logger };
  server = await startWebhookServer({ ...options, clientCa: undefined, handle: handle(false) }, pair);
  guarded = await startWebhookServer({ ...options, clientCa: authority.cert, handle: handle(true) }, pair);
});

afterAll(async () => {
  await Promise.all([server.close(0), guarded.close(0)]);
});

/** A client certificate, as an API server has one for its webhooks. */
async function clientOf({ cert, key }: KeyPair): Promise<KeyPair> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(cert);
  const [der = new ArrayBuffer()] = x509.PemConverter.decode(key);
  const keys = await createServingKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: [{ CN: ['kube-apiserver'] }],
    issuer: issuer.subjectName.toJSON(),
    notAfter: new Date(inAnHour),
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', der, servingAlgorithm, false, ['sign']),
    signingAlgorithm: servingAlgorithm,
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  });
  return { cert: certificate.toString('pem'), key: await privateKeyPem(keys) };
}

interface Sent {
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  to?: WebhookServer;
  tls?: object;
  agent?: Agent;
}

async function send(body: string | undefined, sent: Sent = {}) {
  const { path = '/mutate', method = 'POST', headers, to = server, tls, agent } = sent;
  const call = request({
    host: '127.0.0.1',
    port: to.port,
    ca: authority.cert,
    agent: agent ?? false,
    path,
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...tls,
  });
  // The rest of a body that is too long has nowhere to go once the answer is there.
  call.on('error', () => {});
  call.end(method === 'GET' ? undefined : body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, text, headers: response.headers };
}

const pod = { metadata: { labels: { 'virtual-pod': 'true' } }, spec: { nodeSelector: { disk: 'ssd' } } };
const review = (more: object = {}, around: object = {}) =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      namespace: 'shop',
      operation: 'CREATE',
      object: pod,
      ...more,
    },
    ...around,
  });
const responseTo = async (more: object) => JSON.parse((await send(review(more))).text).response;

describe('a review', () => {
  test('of a virtual pod is answered with a patch', async () => {
    const { status, text, headers } = await send(review());
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'application/json' });
    const { apiVersion, kind, response } = JSON.parse(text);
    expect({ apiVersion, kind }).toEqual({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' });
    expect(response).toMatchObject({ uid: 'u', allowed: true, patchType: 'JSONPatch' });
    const patch = JSON.parse(Buffer.from(response.patch, 'base64').toString());
    expect(patch[0]).toEqual({
      op: 'add',
      path: '/metadata/annotations',
      value: { clusterSelector: '{"nodeSelector":{"disk":"ssd"}}', 'isthmus.io/webhook': 'done' },
    });
    expect(patch[1]).toEqual({
      op: 'replace',
      path: '/spec/nodeSelector',
      value: { type: 'virtual-kubelet' },
    });
  });

  test.each([
    ['of another pod', { object: { ...pod, metadata: {} } }],
    ['in kube-system, said by the request alone', { namespace: 'kube-system' }],
    ['of an update', { operation: 'UPDATE' }],
    ['of a deletion, which has no object', { operation: 'DELETE', object: null }],
    ['of a subresource', { subResource: 'binding', object: {} }],
  ])('%s changes nothing', async (_, more) => {
    expect(await responseTo(more)).toEqual({ uid: 'u', allowed: true });
  });

  test.each([
    ['another kind', { kind: { group: 'apps', version: 'v1', kind: 'Deployment' } }, 'apps/Deployment'],
    ['no object', { object: null }, 'no pod'],
    ['nonsense in its spec', { object: { ...pod, spec: { nodeSelector: { a: 1 } } } }, 'spec.nodeSelector.a'],
    ['nonsense in its labels', { object: { ...pod, metadata: { labels: 'x' } } }, 'metadata.labels'],
    [
      'an annotation that cannot be read',
      {
        object: {
          ...pod,
          metadata: { ...pod.metadata, generateName: 'a-', annotations: { clusterSelector: '{' } },
        },
      },
      'pod a-...: the annotation clusterSelector',
    ],
  ])('of %s refuses it, and says why', async (_, more, message) => {
    expect(await responseTo(more)).toEqual({
      uid: 'u',
      allowed: false,
      status: { code: 422, reason: 'Invalid', message: expect.stringContaining(message) },
    });
  });
});

describe('what is no review', () => {
  test.each([
    ['no body', '', 400, 'not JSON'],
    ['not JSON', '{"kind":', 400, 'not JSON'],
    ['no object', 'null', 400, 'no AdmissionReview'],
    [
      'no request',
      JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }),
      400,
      'request',
    ],
    ['another version', review({}, { apiVersion: 'admission.k8s.io/v1beta1' }), 400, 'apiVersion'],
    ['another kind', review({}, { kind: 'Pod' }), 400, 'kind'],
    ['no uid', review({ uid: '' }), 400, 'request.uid'],
    ['10 MB', `"${'x'.repeat(10_000_000)}"`, 413, `${mostBytes}`],
  ])('%s', async (_, body, status, message) => {
    const answer = await send(body);
    expect(answer).toMatchObject({ status, text: expect.stringContaining(message) });
    expect(results.at(-1)).toBe('bad');
  });

  test('a pod without end, and the next review is answered', async () => {
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const { text } = await send(
      review({ object: { ...pod, spec: { affinity: 'deep' } } }).replace('"deep"', deep),
    );
    expect(JSON.parse(text).response).toMatchObject({
      allowed: false,
      status: { message: expect.stringContaining('nested') },
    });
    expect(await send(review())).toMatchObject({ status: 200 });
  });

  test('10 MB whose length was not said', async () => {
    const chunked = { 'transfer-encoding': 'chunked' };
    expect(await send('x'.repeat(10_000_000), { headers: chunked })).toMatchObject({ status: 413 });
  });

  test.each([
    ['a path', { path: '/' }, 404, '/mutate'],
    ['a method', { method: 'GET' }, 405, 'POST'],
    ['a content type', { headers: { 'content-type': 'text/plain' } }, 415, 'application/json'],
  ])('%s that is not ours', async (_, sent, status, message) => {
    expect(await send('{}', sent)).toMatchObject({ status, text: expect.stringContaining(message) });
  });

  test('half a body, and the next review is answered', async () => {
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: authority.cert });
    await once(socket, 'secureConnect');
    const head =
      'POST /mutate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n';
    const before = results.length;
    socket.write(`${head}{"half":`);
    await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    await expect.poll(() => results.slice(before)).toEqual(['bad']);
    expect(await send(review())).toMatchObject({ status: 200 });
  });

  test('plain HTTP, and the next review is answered', async () => {
    const call = plainRequest({ host: '127.0.0.1', port: server.port, agent: false });
    call.end();
    await once(call, 'error');
    expect(await send(review())).toMatchObject({ status: 200 });
  });

  test('what we did not foresee is told without its details', async () => {
    expect(await send(review({ uid: 'throws' }))).toMatchObject({ status: 500, text: 'internal error\n' });
  });
});

describe('a server with a client CA', () => {
  test('answers probes, and reviews of those with a certificate of it', async () => {
    expect(await send(undefined, { path: '/healthz', method: 'GET', to: guarded })).toMatchObject({
      status: 200,
      text: 'ok',
    });
    expect(await send(review(), { to: guarded })).toMatchObject({ status: 401 });
    expect(await send(review(), { to: guarded, tls: await clientOf(authority) })).toMatchObject({
      status: 200,
    });
    const stranger = await createAuthority('stranger', inAnHour);
    const other = await clientOf(stranger);
    expect(await send(review(), { to: guarded, tls: other })).toMatchObject({ status: 401 });
  });
});

describe('connections', () => {
  test('are kept longer than Go keeps them, and a new certificate is for new ones', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { headers } = await send(review(), { agent });
    expect(headers['keep-alive']).toBe('timeout=120');
    const next = await issueCertificate(authority, ['127.0.0.1', 'next'], inAnHour);
    server.use(next);
    expect(await send(review(), { agent })).toMatchObject({ status: 200 });
    agent.destroy();
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: authority.cert });
    await once(socket, 'secureConnect');
    expect(socket.getPeerCertificate().subjectaltname).toContain('next');
    socket.destroy();
  });

  test('a certificate without its key is not taken', async () => {
    const { key } = await issueCertificate(authority, ['127.0.0.1'], inAnHour);
    const { cert } = await issueCertificate(authority, ['127.0.0.1'], inAnHour);
    expect(() => server.use({ cert, key })).toThrow('the certificate of the webhook');
    expect(await send(review())).toMatchObject({ status: 200 });
  });

  test('do not hold up the end by a connection that is not greeted yet', async () => {
    const pair = await issueCertificate(authority, ['127.0.0.1'], inAnHour);
    const options = { host: '127.0.0.1', port: 0, logger, clientCa: undefined, handle: handle(false) };
    const ending = await startWebhookServer(options, pair);
    const silent = connectPlain({ host: '127.0.0.1', port: ending.port });
    await once(silent, 'connect');
    const began = performance.now();
    await ending.close(0);
    expect(performance.now() - began).toBeLessThan(5_000);
    silent.destroy();
  });

  test('a port that is taken is a mistake of the flags', async () => {
    const pair = await issueCertificate(authority, ['127.0.0.1'], inAnHour);
    const options = {
      host: '127.0.0.1',
      port: server.port,
      clientCa: undefined,
      handle: handle(false),
      logger,
    };
    await expect(startWebhookServer(options, pair)).rejects.toMatchObject({ code: 'Configuration' });
  });
});
