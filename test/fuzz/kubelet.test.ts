import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll } from '../../src/provider/kubelet/test-servers.ts';
import { flood, giant } from './kubelet/giants.ts';
import { type KubeletGround, startGround } from './kubelet/ground.ts';
import { bytesOf, hostileRequest } from './kubelet/requests.ts';
import { campaign, kind } from './parts/campaign.ts';
import { ended } from './parts/ended.ts';
import { malformed } from './parts/malformed.ts';

let ground: KubeletGround;

beforeAll(async () => {
  ground = await startGround();
});

afterAll(async () => {
  ground.close();
  await closeAll();
});

const half = malformed({
  reads: '/containerLogs/default/web/main',
  takes: '/exec/default/web/main?command=id',
});
const requests = kind({
  name: 'hostile requests',
  share: 10_000,
  inputs: hostileRequest,
  send: async (request, index) =>
    ended(
      await ground.send(bytesOf(request, index), request.certificate, { method: request.method }),
      ground.lastError,
    ),
});
const broken = kind({
  name: 'malformed HTTP',
  share: 3_000,
  inputs: half,
  send: async (bytes) => ended(await ground.send(bytes, 'none', { isCut: true }), ground.lastError),
});
const giants = kind({
  name: 'a megabyte in one request',
  share: 100,
  atOnce: 1,
  batch: 1,
  inputs: giant,
  send: async (bytes) => ended(await ground.send(bytes, 'none', { isCut: true }), ground.lastError),
});
const floods = kind({
  name: 'many requests in one go',
  share: 40,
  atOnce: 1,
  batch: 1,
  inputs: flood,
  send: async (bytes) => ended(await ground.send(bytes, 'none', { isCut: true }), ground.lastError),
});
const slow = kind({
  name: 'slow and left alone',
  share: 300,
  atOnce: 100,
  inputs: half,
  send: async (bytes) => ended(await ground.send(bytes, 'none', { isCut: true, parts: 8 }), ground.lastError),
});

test('the kubelet port outlives whatever comes, and lets nobody through', { timeout: 600_000 }, async () => {
  await campaign('kubelet port', [requests, broken, giants, floods, slow], () => ground.well());
  expect(ground.lower.arrived).toBeGreaterThan(0);
});
