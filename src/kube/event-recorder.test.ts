import { beforeEach, expect, test } from 'vitest';
import type { Client } from './client.ts';
import { deferred } from './deferred.ts';
import { EventRecorder } from './event-recorder.ts';
import { nodes, pods } from './resources.ts';
import type { Event, Pod } from './types.ts';

let created: Event[];
let errors: unknown[];
let answer: () => Promise<unknown>;
let clock: number;
let recorder: EventRecorder;
beforeEach(() => {
  created = [];
  errors = [];
  answer = async () => ({});
  clock = Date.parse('2026-01-02T03:04:05.678Z');
  const client = {
    create: async (_: unknown, event: Event) => {
      created.push(event);
      return answer();
    },
  };
  recorder = new EventRecorder(client as unknown as Client, {
    component: 'isthmus',
    host: 'vk-a',
    now: () => new Date(clock),
    onError: (error) => errors.push(error),
  });
});

const web: Pod = { metadata: { namespace: 'shop', name: 'web-0', uid: 'u1', resourceVersion: '7' } };
const waits = { type: 'Warning', reason: 'Waits', message: 'for a reason' } as const;
const settle = () => new Promise((done) => setImmediate(done));

test('writes what kubectl describe shows', () => {
  recorder.record(pods, web, waits);
  expect(created[0]).toMatchObject({
    metadata: { namespace: 'shop', name: expect.stringMatching(/^web-0\.[0-9a-f]{17,}$/) },
    involvedObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'shop',
      name: 'web-0',
      uid: 'u1',
      resourceVersion: '7',
    },
    type: 'Warning',
    reason: 'Waits',
    message: 'for a reason',
    source: { component: 'isthmus', host: 'vk-a' },
    firstTimestamp: '2026-01-02T03:04:05Z',
    lastTimestamp: '2026-01-02T03:04:05Z',
    count: 1,
  });
});

test('writes of what has no namespace into default, without saying that it is there', () => {
  recorder.record(nodes, { metadata: { name: 'vk-a', uid: 'n' } }, waits);
  expect(created[0]?.metadata?.namespace).toBe('default');
  expect(created[0]?.involvedObject).not.toHaveProperty('namespace');
});

test('says the same of the same object once in five minutes', () => {
  recorder.record(pods, web, waits);
  clock += 299_000;
  recorder.record(pods, web, waits);
  expect(created).toHaveLength(1);
  recorder.record(pods, web, { ...waits, message: 'for another' });
  recorder.record(pods, { metadata: { ...web.metadata, uid: 'u2' } }, waits);
  expect(created).toHaveLength(3);
  clock += 2_000;
  recorder.record(pods, web, waits);
  expect(created).toHaveLength(4);
});

test('says again what could not be written, and never throws', async () => {
  answer = () => Promise.reject(new Error('away'));
  recorder.record(pods, web, waits);
  await settle();
  expect(errors).toEqual([new Error('away')]);
  answer = async () => ({});
  recorder.record(pods, web, waits);
  await settle();
  expect(created).toHaveLength(2);
  expect(errors).toHaveLength(1);
});

test('lets events go rather than pile them up while the cluster does not answer', async () => {
  const gate = deferred();
  answer = () => gate.promise;
  const record = (count: number) => {
    for (let i = 0; i < count; i++) recorder.record(pods, web, { ...waits, message: `number ${i}` });
  };
  record(1_000);
  expect(created).toHaveLength(256);
  expect(errors).toHaveLength(744);
  gate.resolve();
  await settle();
  record(300);
  expect(created.slice(256).map(({ message }) => message)).toHaveLength(44);
});

test('keeps names and messages within what the API server takes', () => {
  const name = `${'a'.repeat(229)}.b`;
  recorder.record(pods, { metadata: { ...web.metadata, name } }, { ...waits, message: 'x'.repeat(5_000) });
  expect(created[0]?.metadata?.name).toMatch(/^a{229}\.[0-9a-f]+$/);
  expect(created[0]?.metadata?.name?.length).toBeLessThanOrEqual(253);
  expect(created[0]?.message).toHaveLength(1_024);
});
