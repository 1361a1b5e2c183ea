import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectionTo, type LocalServer, sendJson, startServer } from '../../../test/local-server.ts';
import { Client } from '../client.ts';
import { Transport } from '../transport.ts';
import { Election } from './election.ts';
import { timingOf } from './timing.ts';

let server: LocalServer;
let transport: Transport;
let version = 1;

/** Takes every Lease, and tells of none. */
beforeEach(async () => {
  server = await startServer((request, response) => {
    if (request.url?.includes('watch=true')) return void response.writeHead(200).flushHeaders();
    if (request.method === 'GET')
      return sendJson(response, 200, { metadata: { resourceVersion: '1' }, items: [] });
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const lease = text === '' ? {} : JSON.parse(text);
      version += 1;
      sendJson(response, 200, {
        ...lease,
        metadata: { ...lease.metadata, uid: 'u', resourceVersion: `${version}` },
      });
    });
  });
  transport = new Transport(connectionTo(server.url));
});
afterEach(async () => {
  await transport.close();
  await server.close();
});

test('a process that stood still knows that its time is over before anything else tells it', async () => {
  const timing = timingOf(400);
  const lost: boolean[] = [];
  const election = new Election({
    client: new Client(transport),
    group: { namespace: 'n', name: 'g' },
    identity: 'us',
    onStarted: () => {},
    onStopped: async (_, how) => void lost.push(how.lost),
    onError: () => {},
    timing,
  });
  const stopping = new AbortController();
  const running = election.run(stopping.signal);
  expect(election.isCertain).toBe(false);
  election.setNames(['a']);
  await vi.waitUntil(() => election.held.has('a'));
  expect(election.isCertain).toBe(true);
  // As SIGSTOP does: no timer comes to its turn.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, timing.duration);
  expect(election.held.has('a')).toBe(true);
  expect(election.isCertain).toBe(false);
  await vi.waitUntil(() => lost.length > 0);
  expect(lost).toEqual([true]);
  await vi.waitUntil(() => election.isCertain);
  stopping.abort();
  await running;
});
