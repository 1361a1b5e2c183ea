import { describe, expect, test } from 'vitest';
import type { Event } from '../kube/types.ts';
import { eventUp, lastSeenAt, repetition } from './event-up.ts';
import { raw, upperPod } from './test-objects.ts';

/** As a kubelet writes it. */
const backOff = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: {
    name: 'web-0.18a',
    namespace: 'shop',
    uid: 'event-uid',
    resourceVersion: '5',
    creationTimestamp: '2026-01-02T03:00:00Z',
    managedFields: [],
  },
  involvedObject: {
    apiVersion: 'v1',
    kind: 'Pod',
    name: 'web-0',
    namespace: 'shop',
    uid: 'lower-uid',
    resourceVersion: '9',
    fieldPath: 'spec.containers{main}',
  },
  type: 'Warning',
  reason: 'BackOff',
  message: 'Back-off restarting failed container',
  source: { component: 'kubelet', host: 'worker-1' },
  reportingComponent: 'kubelet',
  reportingInstance: 'worker-1',
  firstTimestamp: '2026-01-02T03:00:00Z',
  lastTimestamp: '2026-01-02T03:05:00Z',
  eventTime: null,
  count: 7,
};

/** As a scheduler writes it (events.k8s.io). */
const failedScheduling = {
  ...backOff,
  reason: 'FailedScheduling',
  action: 'Scheduling',
  related: { kind: 'Node', name: 'worker-1', uid: 'n' },
  firstTimestamp: null,
  lastTimestamp: null,
  count: undefined,
  eventTime: '2026-01-02T03:00:00.123456Z',
  series: { count: 3, lastObservedTime: '2026-01-02T03:05:00.654321Z' },
};

const up = (event: object) => eventUp(raw<Event>(event), upperPod());

describe('eventUp', () => {
  test('the same words about the upper pod, whole', () => {
    expect(up(backOff)).toEqual({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'web-0.18a', namespace: 'shop' },
      involvedObject: {
        apiVersion: 'v1',
        kind: 'Pod',
        name: 'web-0',
        namespace: 'shop',
        uid: 'upper-uid',
        resourceVersion: '7',
        fieldPath: 'spec.containers{main}',
      },
      type: 'Warning',
      reason: 'BackOff',
      message: 'Back-off restarting failed container',
      source: { component: 'kubelet', host: 'worker-1' },
      reportingComponent: 'kubelet',
      reportingInstance: 'worker-1',
      firstTimestamp: '2026-01-02T03:00:00Z',
      lastTimestamp: '2026-01-02T03:05:00Z',
      count: 7,
    });
  });

  test('an event of the newer API is told in the older form, without the lower node', () => {
    const event = up(failedScheduling);
    expect(event).toMatchObject({
      action: 'Scheduling',
      count: 3,
      firstTimestamp: '2026-01-02T03:00:00Z',
      lastTimestamp: '2026-01-02T03:05:00Z',
    });
    for (const field of ['related', 'series', 'eventTime']) expect(event).not.toHaveProperty(field);
  });

  test('an event seen once has its one time twice', () => {
    expect(up({ ...failedScheduling, series: null })).toMatchObject({
      count: 1,
      firstTimestamp: '2026-01-02T03:00:00Z',
      lastTimestamp: '2026-01-02T03:00:00Z',
    });
  });

  test.each([
    ['no times at all', { firstTimestamp: null, lastTimestamp: null, count: null }],
    ['a null series', { series: null, related: null }],
    ['no field path', { involvedObject: { kind: 'Pod', uid: 'lower-uid' } }],
  ])('an event with %s counts as one', (_, parts) => {
    const event = up({ ...backOff, count: undefined, ...parts });
    expect(event.count).toBe(1);
    expect(event.involvedObject.uid).toBe('upper-uid');
  });

  test('the event of a pod with the longest name has a name that is no longer than the lower one', () => {
    const name = `${'p'.repeat(236)}.18a5f3c2b1d4e6f7`;
    expect(name.length).toBe(253);
    expect(up({ ...backOff, metadata: { ...backOff.metadata, name } }).metadata.name).toBe(name);
  });
});

test('a repetition says how often and when, and the latest words', () => {
  expect(repetition(raw<Event>(backOff))).toEqual({
    count: 7,
    firstTimestamp: '2026-01-02T03:00:00Z',
    lastTimestamp: '2026-01-02T03:05:00Z',
    message: 'Back-off restarting failed container',
  });
  expect(repetition(raw<Event>({ ...failedScheduling, message: '' }))).not.toHaveProperty('message');
});

describe('lastSeenAt', () => {
  test.each([
    ['a repeated one', backOff, '2026-01-02T03:05:00Z'],
    ['a series', failedScheduling, '2026-01-02T03:05:00.654Z'],
    ['one of the newer API', { ...failedScheduling, series: null }, '2026-01-02T03:00:00.123Z'],
    ['one without times', { ...backOff, lastTimestamp: null }, '2026-01-02T03:00:00Z'],
  ])('%s', (_, event, time) => {
    expect(new Date(lastSeenAt(raw<Event>(event))).toISOString()).toBe(new Date(time).toISOString());
  });

  test('one that says nothing is as old as can be', () => {
    expect(lastSeenAt(raw<Event>({ metadata: {} }))).toBe(0);
    expect(lastSeenAt(raw<Event>({ metadata: { creationTimestamp: 'yesterday' } }))).toBe(0);
  });
});
