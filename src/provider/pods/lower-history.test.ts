import type { ServerResponse } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import { connectionTo, type LocalServer, sendJson, startServer } from '../../../test/local-server.ts';
import type { Backoff } from '../../kube/backoff.ts';
import { Client } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import { Transport } from '../../kube/transport.ts';
import type { Pod } from '../../kube/types.ts';
import { LowerHistory } from './lower-history.ts';

let server: LocalServer | undefined;
let transport: Transport | undefined;
afterEach(async () => {
  await transport?.close();
  await server?.close();
});

type Answer = (response: ServerResponse) => void;
/** Sends these lines and leaves the watch open. */
const open =
  (...lines: readonly object[]): Answer =>
  (response) => {
    for (const line of lines) response.write(`${JSON.stringify(line)}\n`);
  };

/** A history whose server answers the first watch so, or each in its turn, and all later ones as the last. */
async function historyOf(
  answer: readonly (object | Answer)[],
  since: () => Promise<string | undefined>,
  retry?: Backoff,
) {
  const answers = answer.filter((one): one is Answer => typeof one === 'function');
  if (answers.length === 0) answers.push(open(...answer));
  server = await startServer((_, response) => {
    (answers.length > 1 ? answers.shift() : answers[0])?.(response);
  });
  transport = new Transport(connectionTo(server.url));
  const gone: Pod[] = [];
  const onError = vi.fn();
  const onGone = (pod: Pod) => void gone.push(pod);
  const history = new LowerHistory({ lower: new Client(transport), since, onGone, onError, retry });
  return { history, gone, onError, requests: server.requests };
}

const { signal } = new AbortController();
const event = (type: string, name: string) => ({
  type,
  object: {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name, namespace: 'ns', uid: name, resourceVersion: '9' },
  },
});
const bookmark = { type: 'BOOKMARK', object: { kind: 'Pod', metadata: { resourceVersion: '12' } } };

test('of all that happened it tells which pods went, and is known with the bookmark', async () => {
  const lines = [
    event('ADDED', 'stays'),
    event('ADDED', 'goes'),
    event('MODIFIED', 'goes'),
    event('DELETED', 'goes'),
    bookmark,
  ];
  const { history, gone, onError, requests } = await historyOf(lines, async () => '7');
  expect(history.isKnown).toBe(false);
  await history.run(signal);
  expect(history.isKnown).toBe(true);
  expect(gone.map(({ metadata }) => metadata?.name)).toEqual(['goes']);
  expect(onError).not.toHaveBeenCalled();
  expect(requests[0]).toContain('resourceVersion=7');
  expect(requests[0]).toContain('labelSelector=virtual-pod%3Dtrue');
});

test('nothing is asked where nobody was before', async () => {
  const { history, requests } = await historyOf([], async () => undefined);
  await history.run(signal);
  expect(history.isKnown).toBe(true);
  expect(requests).toHaveLength(0);
});

test('what the API server has forgotten is said once, and keeps nobody waiting', async () => {
  const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
  const lines = [{ type: 'ERROR', object: expired }];
  const { history, onError, requests } = await historyOf(lines, async () => '7');
  await history.run(signal);
  expect(history.isKnown).toBe(true);
  expect(onError).toHaveBeenCalledExactlyOnceWith('what became of pods in between: too old');
  expect(requests).toHaveLength(1);
});

test('what fails otherwise is tried again', async () => {
  const since = vi.fn().mockRejectedValueOnce(new Error('no answer')).mockResolvedValue('7');
  const { history, gone, onError } = await historyOf([event('DELETED', 'goes'), bookmark], since);
  await history.run(signal);
  expect(history.isKnown).toBe(true);
  expect(gone).toHaveLength(1);
  expect(onError).toHaveBeenCalledOnce();
});

test('what the last provider had seen is read once, for we write over it ourselves', async () => {
  const refuse: Answer = (response) => sendJson(response, 500, { kind: 'Status', code: 500, message: 'no' });
  const since = vi.fn().mockResolvedValueOnce('7').mockResolvedValue('900');
  const { history, gone, requests } = await historyOf(
    [refuse, open(event('DELETED', 'goes'), bookmark)],
    since,
  );
  await history.run(signal);
  expect(requests.map((path) => /resourceVersion=(\d+)/.exec(path)?.[1])).toEqual(['7', '7']);
  expect(gone).toHaveLength(1);
});

test('however often it fails, what was not read is not known', async () => {
  const why = { kind: 'Status', code: 503, reason: 'ServiceUnavailable', message: 'not ready' };
  const refusals = Array.from(
    { length: 6 },
    () => (response: ServerResponse) => sendJson(response, 503, why),
  );
  const { history, gone } = await historyOf(
    [...refusals, open(event('DELETED', 'goes'), bookmark)],
    async () => '7',
    { first: 1, most: 2 },
  );
  await history.run(signal);
  expect(history.isKnown).toBe(true);
  expect(gone).toHaveLength(1);
});

test('a Lease that cannot be read tells nothing, whatever the reason', async () => {
  const since = vi.fn().mockResolvedValue('7');
  for (const code of [
    'Forbidden',
    'BadRequest',
    'Unreachable',
    'ServerError',
    'Gone',
    'Unauthorized',
  ] as const)
    since.mockRejectedValueOnce(new KubeError(code, 'no'));
  const { history, gone } = await historyOf([event('DELETED', 'goes'), bookmark], since, {
    first: 1,
    most: 2,
  });
  await history.run(signal);
  expect(since).toHaveBeenCalledTimes(7);
  expect(gone).toHaveLength(1);
});

test('a watch that ended in good order and too early has not told all', async () => {
  const cut: Answer = (response) => response.end(`${JSON.stringify(event('ADDED', 'goes'))}\n`);
  const { history, gone, onError } = await historyOf(
    [cut, open(event('DELETED', 'goes'), bookmark)],
    async () => '7',
  );
  await history.run(signal);
  expect(gone).toHaveLength(1);
  expect(onError).toHaveBeenCalledExactlyOnceWith(
    'what became of pods in between: the watch ended too early',
  );
});

test('a watch that lasted its time has told all, were it without a bookmark', async () => {
  const whole: Answer = (response) => {
    open(event('DELETED', 'goes'))(response);
    setTimeout(() => response.end(), 3_000);
  };
  const { history, gone, onError, requests } = await historyOf([whole], async () => '7');
  await history.run(signal);
  expect(history.isKnown).toBe(true);
  expect(gone).toHaveLength(1);
  expect(onError).not.toHaveBeenCalled();
  expect(requests).toHaveLength(1);
});

test.each([400, 403, 410, 422])('a position that is refused with %i keeps nobody waiting', async (code) => {
  const refuse: Answer = (response) => sendJson(response, code, { kind: 'Status', code, message: 'no' });
  const { history, onError, requests } = await historyOf([refuse], async () => '7');
  await history.run(signal);
  expect(history.isKnown).toBe(true);
  expect(onError).toHaveBeenCalledOnce();
  expect(requests).toHaveLength(1);
});

test('whoever comes next begins where this one did, until this one has read it', async () => {
  let send: (() => void) | undefined;
  const later: Answer = (response) => {
    response.flushHeaders();
    send = () => open(bookmark)(response);
  };
  const { history } = await historyOf([later], async () => '7');
  expect(history.nextSince('900')).toBeUndefined();
  const running = history.run(signal);
  await vi.waitFor(() => expect(send).toBeDefined());
  expect(history.nextSince('900')).toBe('7');
  send?.();
  await running;
  expect(history.nextSince('900')).toBe('900');
});

test('one that was stopped knows nothing', async () => {
  const { history } = await historyOf([], async () => '7');
  const stopping = new AbortController();
  const running = history.run(stopping.signal);
  await vi.waitFor(() => expect(server?.requests).toHaveLength(1));
  stopping.abort();
  await running;
  expect(history.isKnown).toBe(false);
});
