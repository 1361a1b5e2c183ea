import { describe, expect, test } from 'vitest';
import type { Node, Pod } from '../../kube/types.ts';
import { raw } from '../../translate/test-objects.ts';
import { reportNode } from './node-report.ts';

const one = 1_000_000_000n;
const ready = { type: 'Ready', status: 'True' };
const node = (more: { metadata?: object; spec?: object; status?: object } = {}) =>
  raw<Node>({
    metadata: { name: 'vk-a', ...more.metadata },
    spec: more.spec ?? {},
    status: { allocatable: { cpu: '4', memory: '1Gi', pods: '10' }, conditions: [ready], ...more.status },
  });
const pod = (status: object | null, more: { metadata?: object; spec?: object } = {}) =>
  raw<Pod>({
    metadata: { namespace: 'shop', name: 'web-0', labels: { 'virtual-pod': 'true' }, ...more.metadata },
    spec: { containers: [{ resources: { requests: { cpu: '500m', memory: '1Ki' } } }], ...more.spec },
    status,
  });
const waiting = (reason: string, message?: string) => [{ state: { waiting: { reason, message } } }];

describe('how full it is', () => {
  test('what its pods ask for, of what it offers', () => {
    const pods = [
      pod({ phase: 'Running' }),
      pod({ phase: 'Pending' }),
      pod({ phase: 'Succeeded' }),
      pod({ phase: 'Failed' }),
      pod({ phase: 'Failed' }),
    ];
    expect(reportNode(node(), pods)).toMatchObject({
      name: 'vk-a',
      isReachable: true,
      cpu: { used: one, of: 4n * one },
      memory: { used: 2048n * one, of: 1024n ** 3n * one },
      pods: { used: 2n * one, of: 10n * one },
      problems: [],
    });
  });

  test.each([{}, { metadata: null, spec: null, status: null }])('of a node %j nothing', (nothing) => {
    expect(reportNode(raw(nothing), [])).toEqual({
      name: '',
      isReachable: false,
      cpu: { used: 0n, of: 0n },
      memory: { used: 0n, of: 0n },
      pods: { used: 0n, of: 0n },
      largestFree: undefined,
      podStates: new Map(),
      problems: ['has never reported'],
    });
  });

  test.each([
    ['{"cpu":"1500m","memory":"1Ki","pods":"3"}', { cpu: (3n * one) / 2n, memory: 1024n * one }],
    ['{}', { cpu: 0n, memory: 0n }],
    ['null', undefined],
    ['[1]', undefined],
    ['5', undefined],
    ['nonsense', undefined],
    [undefined, undefined],
  ])('the largest free node, from %s', (text, expected) => {
    const annotations = { 'isthmus.io/largest-free-node': text };
    expect(reportNode(node({ metadata: { annotations } }), []).largestFree).toEqual(expected);
  });
});

describe('what is wrong with the node', () => {
  test.each<[string, object, string[]]>([
    ['nothing', {}, []],
    [
      'it is not ready',
      {
        status: { conditions: [{ type: 'Ready', status: 'False', reason: 'Lost', message: 'no\n answer' }] },
      },
      ['Lost: no answer'],
    ],
    [
      'it does not say why',
      { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } },
      ['Ready is Unknown'],
    ],
    [
      'it gives only a reason',
      { status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }] } },
      ['NodeStatusUnknown'],
    ],
    ['it has no conditions', { status: { conditions: null } }, ['has never reported']],
    [
      'it is cordoned',
      { spec: { unschedulable: true } },
      ['cordoned: no new pods are placed here (kubectl uncordon)'],
    ],
  ])('%s', (_, more, problems) => {
    expect(reportNode(node(more), []).problems).toEqual(problems);
  });
});

describe('how a pod stands', () => {
  test.each<[string, Pod, string, string | undefined]>([
    ['running', pod({ phase: 'Running' }), 'Running', undefined],
    ['succeeded', pod({ phase: 'Succeeded' }), 'Succeeded', undefined],
    [
      'being made',
      pod({ phase: 'Pending', containerStatuses: waiting('ContainerCreating') }),
      'Pending',
      undefined,
    ],
    [
      'waiting',
      pod({ phase: 'Pending', containerStatuses: waiting('NameCollision', 'taken') }),
      'NameCollision',
      'taken',
    ],
    [
      'waiting in its init phase',
      pod({
        initContainerStatuses: waiting('ImagePullBackOff', 'no image'),
        containerStatuses: waiting('PodInitializing'),
      }),
      'ImagePullBackOff',
      'no image',
    ],
    [
      'crashing beside one that runs',
      pod({
        phase: 'Running',
        containerStatuses: [{ state: { running: {} } }, ...waiting('CrashLoopBackOff', 'back-off\n 10s')],
      }),
      'CrashLoopBackOff',
      'back-off 10s',
    ],
    [
      'not placed below',
      pod({
        phase: 'Pending',
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' },
        ],
      }),
      'Unschedulable',
      '0/3 nodes',
    ],
    [
      'not placed, no message',
      pod({
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
      }),
      'SchedulingGated',
      undefined,
    ],
    ['failed by itself', pod({ phase: 'Failed' }), 'Failed', undefined],
    [
      'failed for a reason',
      pod({ phase: 'Failed', reason: 'LowerPodLost', message: 'it vanished' }),
      'LowerPodLost',
      'it vanished',
    ],
    // The statuses are of the time before its end.
    [
      'failed while it waited',
      pod({
        phase: 'Failed',
        reason: 'Evicted',
        message: 'disk',
        containerStatuses: waiting('CrashLoopBackOff', 'x'),
      }),
      'Evicted',
      'disk',
    ],
    [
      'going',
      pod({ phase: 'Running' }, { metadata: { deletionTimestamp: '2026-01-02T03:04:05Z' } }),
      'Terminating',
      undefined,
    ],
    ['without the label', pod({ phase: 'Pending' }, { metadata: { labels: null } }), 'NotVirtual', undefined],
    ['without status', pod(null), 'Unknown', undefined],
    [
      'with nulls',
      pod({ phase: 'Pending', containerStatuses: null, conditions: null }),
      'Pending',
      undefined,
    ],
  ])('%s', (_, one, state, message) => {
    const report = reportNode(node(), [one]);
    expect(report.podStates).toEqual(new Map([[state, 1]]));
    expect(report.problems).toEqual(message ? [`1 x ${state}, such as shop/web-0: ${message}`] : []);
  });

  test('each reason once, with how many and the first of them', () => {
    const lost = (name: string, reason: string) =>
      pod({ phase: 'Pending', containerStatuses: waiting(reason, `${name} waits`) }, { metadata: { name } });
    const report = reportNode(node(), [
      lost('a', 'X'),
      lost('b', 'Y'),
      lost('c', 'X'),
      pod({ phase: 'Running' }, { metadata: { labels: { 'virtual-pod': 'true' } } }),
    ]);
    expect(report.podStates).toEqual(
      new Map([
        ['X', 2],
        ['Y', 1],
        ['Running', 1],
      ]),
    );
    expect(report.problems).toEqual(['2 x X, such as shop/a: a waits', '1 x Y, such as shop/b: b waits']);
  });
});
