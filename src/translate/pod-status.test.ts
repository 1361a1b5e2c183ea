import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pod } from '../kube/types.ts';
import { mergePatch } from './merge-patch.ts';
import {
  isFinished,
  lowerPodNote,
  notedLowerUid,
  statusLost,
  statusUp,
  statusWaiting,
} from './pod-status.ts';
import { frozen, lowerPod, raw, upperPod } from './test-objects.ts';

const then = '2026-01-02T03:00:00Z';
const now = '2026-01-02T04:00:00Z';
const refusal = { reason: 'LowerPodLost', message: 'it vanished' };

test.each([
  ['Succeeded', true],
  ['Failed', true],
  ['Running', false],
  ['Pending', false],
  ['Unknown', false],
  [undefined, false],
])('a pod in phase %s: finished is %s', (phase, finished) => {
  expect(isFinished(raw({ status: { phase } }))).toBe(finished);
});

test.each([{}, { status: null }])('a pod without status has not finished', (pod) => {
  expect(isFinished(raw(pod))).toBe(false);
});

describe('statusUp', () => {
  const up = (upper: object, lower: object, metadata: object = {}) =>
    statusUp(upperPod({ status: upper }), lowerPod({ status: lower, metadata }));

  test('field for field, with those that nobody here knows', () => {
    const status = {
      phase: 'Running',
      hostIP: '10.0.0.1',
      hostIPs: [{ ip: '10.0.0.1' }],
      podIP: '10.1.0.1',
      podIPs: [{ ip: '10.1.0.1' }, { ip: 'fd00::1' }],
      startTime: then,
      reason: 'R',
      message: 'M',
      containerStatuses: [
        { name: 'main', ready: true, restartCount: 2, state: { running: { startedAt: then } } },
      ],
      initContainerStatuses: [{ name: 'init', ready: true }],
      ephemeralContainerStatuses: [{ name: 'debugger' }],
      resources: { requests: { cpu: '1' } },
      later: { x: null },
    };
    expect(up({}, status)).toEqual({ ...status, qosClass: 'BestEffort' });
  });

  test('what is no longer so below is no longer so above', () => {
    const before = {
      phase: 'Pending',
      reason: 'Old',
      message: 'old',
      podIP: '1.2.3.4',
      containerStatuses: [{}],
    };
    expect(up(before, { phase: 'Running' })).toEqual({ phase: 'Running', qosClass: 'BestEffort' });
  });

  test.each([
    // Each cluster has its own admission: a limit range below makes Burstable of BestEffort, and the API server
    // refuses every status with another class than the pod was made with.
    ['qosClass', 'Guaranteed', 'Burstable'],
    ['nominatedNodeName', 'vk-a', 'worker-1'],
    ['resourceClaimStatuses', [{ name: 'above' }], [{ name: 'below' }]],
    ['extendedResourceClaimStatus', { resourceClaimName: 'above' }, { resourceClaimName: 'below' }],
    ['nodeAllocatableResourceClaimStatuses', [{ a: 1 }], [{ b: 1 }]],
  ])('%s is about the upper pod', (field, above, below) => {
    expect(up({ qosClass: undefined, [field]: above }, { [field]: below })).toHaveProperty(field, above);
    expect(up({ qosClass: undefined }, { [field]: below })).not.toHaveProperty(field);
  });

  test('of device health only what the upper pod asked for, for the rest would be refused', () => {
    const health = (name: string) => ({ name, resources: [{ resourceID: 'gpu-0', health: 'Healthy' }] });
    const requests = { 'nvidia.com/gpu': '1' };
    const claims = [{ name: 'nic' }, { name: 'disk', request: 'fast' }];
    const names = ['nvidia.com/gpu', 'rdma/hca', 'claim:nic', 'claim:disk', 'claim:disk/fast'];
    const statuses = ['main', 'injected'].map((name) => ({
      name,
      allocatedResourcesStatus: names.map(health),
    }));
    const kept = ['nvidia.com/gpu', 'claim:nic', 'claim:disk/fast'].map(health);
    const upper = upperPod({
      spec: {
        containers: [{ name: 'main', resources: { requests, claims } }],
        initContainers: [{ name: 'init', resources: null }, { name: 'bare' }],
      },
    });
    const found = statusUp(
      upper,
      lowerPod({
        status: {
          containerStatuses: statuses,
          initContainerStatuses: [
            { ...statuses[0], name: 'init' },
            { name: 'bare', allocatedResourcesStatus: null },
          ],
        },
      }),
    );
    expect(found.containerStatuses).toEqual([
      { ...statuses[0], allocatedResourcesStatus: kept },
      statuses[1],
    ]);
    expect(found.initContainerStatuses).toEqual([
      { name: 'init' },
      { name: 'bare', allocatedResourcesStatus: null },
    ]);
  });

  test.each<[string, Pod, Pod, unknown]>([
    ['no status below', upperPod(), raw({ metadata: { uid: 'l' } }), { qosClass: 'BestEffort' }],
    ['a null status below', upperPod(), raw({ status: null }), { qosClass: 'BestEffort' }],
    ['no status above', raw({}), raw({ status: { phase: 'Running' } }), { phase: 'Running' }],
    [
      'nulls and empty lists',
      upperPod({ status: { conditions: null }, spec: { containers: null } }),
      lowerPod({
        status: { phase: 'Running', conditions: null, containerStatuses: null, initContainerStatuses: [] },
      }),
      { phase: 'Running', qosClass: 'BestEffort', containerStatuses: null, initContainerStatuses: [] },
    ],
  ])('with %s', (_, upper, lower, expected) => {
    expect(statusUp(upper, lower)).toEqual(expected);
  });

  describe('conditions', () => {
    const is = (type: string, more: object = {}) => ({ type, status: 'True', lastProbeTime: null, ...more });

    test.each<[string, object[] | null, object[] | null, object[] | undefined]>([
      ['come up', null, [is('Ready'), is('later/Type')], [is('Ready'), is('later/Type')]],
      ['of the same type are replaced', [is('Ready', { reason: 'Old' })], [is('Ready')], [is('Ready')]],
      [
        'that the scheduler wrote above stay until there is one below',
        [is('PodScheduled')],
        [],
        [is('PodScheduled')],
      ],
      ['of readiness gates stay', [is('a.b/gate')], [is('Ready')], [is('Ready'), is('a.b/gate')]],
      [
        'of a disruption above stay',
        [is('DisruptionTarget')],
        [is('Ready')],
        [is('Ready'), is('DisruptionTarget')],
      ],
      [
        'that the kubelet took back go',
        ['Ready', 'ContainersReady', 'Initialized', 'PodReadyToStartContainers'].map((type) => is(type)),
        [],
        undefined,
      ],
      [
        'of a resize go when it is done',
        [is('PodResizeInProgress'), is('PodResizePending'), is('AllContainersRestarting'), is('a.b/gate')],
        [is('Ready')],
        [is('Ready'), is('a.b/gate')],
      ],
      ['when there are none are left out', [], [], undefined],
    ])('%s', (_, above, below, expected) => {
      expect(up({ conditions: above }, { conditions: below }).conditions).toEqual(expected);
    });
  });

  describe('the generation that was observed', () => {
    /** Upper generation 3, lower generation 2, and the lower pod has what `carried` says of the upper one. */
    const observe = (
      {
        above = {},
        below = {},
        upper = {},
        lower = {},
      }: Record<'above' | 'below' | 'upper' | 'lower', object> | Record<string, never>,
      carried: string | undefined,
    ) =>
      statusUp(
        upperPod({ metadata: { generation: 3, ...upper }, status: above }),
        lowerPod({
          metadata: { generation: 2, annotations: { 'isthmus.io/upper-generation': carried }, ...lower },
          status: below,
        }),
      );
    const ready = (observedGeneration?: number) => ({
      conditions: [{ type: 'Ready', status: 'True', ...(observedGeneration ? { observedGeneration } : {}) }],
    });

    test.each<[string, Record<string, object>, string | undefined, number | undefined]>([
      ['is the one that was carried', { below: { observedGeneration: 2 } }, '3', 3],
      ['is the one that was carried, not a newer one', { below: { observedGeneration: 2 } }, '1', 1],
      [
        'stays while the kubelet lags',
        { above: { observedGeneration: 1 }, below: { observedGeneration: 1 } },
        '3',
        1,
      ],
      [
        'is unknown while the kubelet lags from the start',
        { below: { observedGeneration: 1 } },
        '3',
        undefined,
      ],
      // The API server keeps what a writer leaves out: leaving it out would be a patch that changes nothing, for ever.
      ['stays when an older kubelet says nothing', { above: { observedGeneration: 2 } }, '3', 2],
      [
        'stays when an older upper API server counts nothing',
        { above: { observedGeneration: 2 }, below: { observedGeneration: 2 } },
        undefined,
        2,
      ],
      ['is unknown when the memory is damaged', { below: { observedGeneration: 2 } }, 'x', undefined],
      ['is unknown when the memory is no generation', { below: { observedGeneration: 2 } }, '2.5', undefined],
      ['is unknown when the memory is negative', { below: { observedGeneration: 2 } }, '-1', undefined],
      ['is unknown when the memory is empty', { below: { observedGeneration: 2 } }, '', undefined],
      [
        'counts the deletion, which both pods have',
        {
          upper: { deletionTimestamp: now },
          lower: { deletionTimestamp: now },
          below: { observedGeneration: 2 },
        },
        '2',
        3,
      ],
      [
        'does not count a deletion that has not gone down',
        { upper: { deletionTimestamp: now }, below: { observedGeneration: 2 } },
        '2',
        2,
      ],
    ])('%s', (_, pods, carried, expected) => {
      expect(observe(pods, carried).observedGeneration).toBe(expected);
    });

    test.each<[string, Record<string, object>, number | undefined]>([
      ['speaks of the upper pod', { below: ready(2) }, 3],
      ['of an older generation stays', { above: ready(1), below: ready(1) }, 1],
      ['of an older generation is left out when it is unknown', { below: ready(1) }, undefined],
      ['stays when an older kubelet says nothing', { above: ready(3), below: ready() }, 3],
    ])('in a condition %s', (_, pods, expected) => {
      expect(observe(pods, '3').conditions).toEqual(ready(expected).conditions);
    });
  });

  test('written above, it needs no second write', () => {
    const type = fc.constantFrom('Ready', 'PodScheduled', 'PodResizePending', 'a.b/gate');
    const condition = fc.record(
      {
        type,
        status: fc.constantFrom('True', 'False'),
        observedGeneration: fc.nat(3),
        lastProbeTime: fc.constant(null),
      },
      { requiredKeys: ['type', 'status'] },
    );
    const status = fc.record(
      {
        phase: fc.constantFrom('Pending', 'Running', 'Failed'),
        qosClass: fc.constantFrom('BestEffort', 'Burstable'),
        conditions: fc.option(fc.uniqueArray(condition, { selector: ({ type }) => type })),
        containerStatuses: fc.option(fc.array(fc.record({ name: fc.constantFrom('main', 'x') }))),
        observedGeneration: fc.nat(3),
        podIP: fc.constantFrom('10.0.0.1', null),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(status, status, (above, below) => {
        const lower = lowerPod({
          status: below,
          metadata: { generation: 2, annotations: { 'isthmus.io/upper-generation': '3' } },
        });
        const written = statusUp(upperPod({ status: above }), lower);
        const again = statusUp(frozen({ ...upperPod(), status: written }), lower);
        expect(mergePatch(written, again)).toBeUndefined();
      }),
    );
  });
});

describe('statusWaiting', () => {
  test('each container waits, for the same reason, and what else is known stays', () => {
    const upper = upperPod({
      status: { phase: 'Running', conditions: [{ type: 'PodScheduled', status: 'True' }], startTime: then },
      spec: { containers: [{ name: 'a', image: 'a:1' }, { name: 'b' }], initContainers: [{ name: 'i' }] },
    });
    const waits = (name: string, image: string) => ({
      name,
      image,
      imageID: '',
      ready: false,
      started: false,
      restartCount: 0,
      state: { waiting: { reason: 'LowerPodLost', message: 'it vanished' } },
      lastState: {},
    });
    expect(statusWaiting(upper, { ...refusal, eventReason: 'Other' })).toEqual({
      phase: 'Pending',
      qosClass: 'BestEffort',
      startTime: then,
      conditions: [{ type: 'PodScheduled', status: 'True' }],
      containerStatuses: [waits('a', 'a:1'), waits('b', '')],
    });
  });

  test.each([{}, { spec: null, status: null }, { spec: { containers: null } }])('of %j', (pod) => {
    expect(statusWaiting(raw(pod), refusal)).toEqual({ phase: 'Pending', containerStatuses: [] });
  });
});

describe('statusLost', () => {
  const lost = (upper: Pod, lastSeen?: Pod) => statusLost(upper, lastSeen, refusal, now);
  const running = {
    name: 'main',
    ready: true,
    started: true,
    restartCount: 1,
    state: { running: { startedAt: then } },
  };
  const waiting = { name: 'main', ready: false, state: { waiting: { reason: 'PodInitializing' } } };
  const done = (exitCode: number) => ({ name: 'main', ready: false, state: { terminated: { exitCode } } });
  const unknown = (started?: string) => ({
    terminated: {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: 'it vanished',
      ...(started ? { startedAt: started } : {}),
      finishedAt: now,
    },
  });

  test.each(['Succeeded', 'Failed'])('what %s below stays so', (phase) => {
    const upper = upperPod({ status: { phase: 'Running' } });
    const lastSeen = lowerPod({ status: { phase, reason: 'Own', containerStatuses: [done(3)] } });
    expect(lost(upper, lastSeen)).toEqual(statusUp(upper, lastSeen));
  });

  test('anything else has Failed, with the reason', () => {
    expect(lost(upperPod({ status: { phase: 'Running', podIP: '10.0.0.1' } }))).toEqual({
      phase: 'Failed',
      qosClass: 'BestEffort',
      podIP: '10.0.0.1',
      reason: 'LowerPodLost',
      message: 'it vanished',
    });
  });

  test('the last that was seen below counts more than what came up', () => {
    const upper = upperPod({ status: { phase: 'Pending', podIP: 'old' } });
    const found = lost(upper, lowerPod({ status: { phase: 'Running', podIP: 'new' } }));
    expect(found).toMatchObject({ phase: 'Failed', podIP: 'new' });
  });

  test('a reason from below, such as Evicted, stays', () => {
    const found = lost(
      upperPod(),
      lowerPod({ status: { phase: 'Running', reason: 'Evicted', message: 'disk' } }),
    );
    expect(found).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'disk' });
  });

  test.each([
    ['running', running, { ...running, ready: false, started: false, state: unknown(then) }],
    ['waiting in a pod without init containers', waiting, { ...waiting, started: false, state: unknown() }],
    ['terminated', done(0), done(0)],
    ['without state', { name: 'main' }, { name: 'main', ready: false, started: false, state: unknown() }],
  ])('a container that was %s', (_, before, after) => {
    const status = { phase: 'Running', containerStatuses: [before] };
    expect(lost(upperPod({ status })).containerStatuses).toEqual([after]);
    expect(lost(upperPod(), lowerPod({ status })).containerStatuses).toEqual([after]);
  });

  /** As the kubelet does when a pod ends (pkg/kubelet/status, TerminatePod): who never began stays waiting. */
  describe('with init containers', () => {
    const again = { ...waiting, lastState: { terminated: { exitCode: 1 } } };
    const states = (statuses: { state?: { terminated?: object; waiting?: object } }[] | undefined) =>
      statuses?.map(({ state }) => (state?.terminated ? 'ended' : state?.waiting ? 'waits' : 'runs'));

    test.each([
      ['in the first one', [running, waiting], [waiting], ['ended', 'waits'], ['waits']],
      ['in the second one', [done(0), running], [waiting], ['ended', 'ended'], ['waits']],
      ['before the first one', [waiting, waiting], [waiting], ['ended', 'waits'], ['waits']],
      ['between two tries', [again, waiting], [waiting], ['ended', 'waits'], ['waits']],
      ['after a failure', [done(1), waiting], [waiting], ['ended', 'waits'], ['waits']],
      ['after the last', [done(0), done(0)], [waiting], ['ended', 'ended'], ['ended']],
      ['after the last failed', [done(0), done(1)], [waiting], ['ended', 'ended'], ['waits']],
      ['when containers run', [done(0), done(0)], [running], ['ended', 'ended'], ['ended']],
      [
        'when one container runs',
        [done(0), done(1)],
        [waiting, running],
        ['ended', 'ended'],
        ['ended', 'ended'],
      ],
      ['when containers run again', [done(0), done(1)], [again], ['ended', 'ended'], ['ended']],
      ['before the kubelet said anything', [], [waiting], [], ['waits']],
    ])('lost %s', (_, initContainerStatuses, containerStatuses, initExpected, expected) => {
      const status = { phase: 'Pending', initContainerStatuses, containerStatuses };
      const found = lost(upperPod({ status, spec: { initContainers: [{ name: 'i' }, { name: 'j' }] } }));
      expect(states(found.initContainerStatuses)).toEqual(initExpected);
      expect(states(found.containerStatuses)).toEqual(expected);
    });

    test.each([
      ['that has started', { ...running, started: true }, 'ended'],
      ['that has not started', { ...running, started: false }, 'waits'],
      ['that failed', done(1), 'waits'],
      ['that ended well', done(0), 'waits'],
    ])('lost with a sidecar %s', (_, sidecar, expected) => {
      const status = { phase: 'Pending', initContainerStatuses: [sidecar], containerStatuses: [waiting] };
      const initContainers = [{ name: 'i', restartPolicy: 'Always' }];
      const found = lost(upperPod({ status, spec: { initContainers } }));
      expect(states(found.initContainerStatuses)).toEqual(['ended']);
      expect(states(found.containerStatuses)).toEqual([expected]);
    });
  });

  test('a debug container that ran has ended', () => {
    const found = lost(upperPod({ status: { ephemeralContainerStatuses: [running, waiting] } }));
    expect(found.ephemeralContainerStatuses).toEqual([
      { ...running, ready: false, started: false, state: unknown(then) },
      waiting,
    ]);
  });

  test('nothing is ready any more', () => {
    const is = (type: string, status: string, more: object = {}) => ({
      type,
      status,
      lastTransitionTime: then,
      ...more,
    });
    const conditions = [
      is('Ready', 'True', { observedGeneration: 2 }),
      is('ContainersReady', 'Unknown', { message: 'node is lost' }),
      is('Initialized', 'True'),
      is('a.b/gate', 'True'),
    ];
    const no = { reason: 'PodFailed', lastTransitionTime: now };
    expect(lost(upperPod({ status: { conditions } })).conditions).toEqual([
      is('Ready', 'False', { observedGeneration: 2, ...no }),
      is('ContainersReady', 'False', no),
      is('Initialized', 'True'),
      is('a.b/gate', 'True'),
    ]);
    const failed = [is('Ready', 'False', { reason: 'ContainersNotReady' })];
    expect(lost(upperPod({ status: { conditions: failed } })).conditions).toEqual(failed);
  });

  test('a pod that was deleted has Failed too, but nobody is to blame', () => {
    const upper = upperPod({
      metadata: { deletionTimestamp: now },
      status: { phase: 'Running', containerStatuses: [running] },
    });
    const found = lost(upper);
    expect(found).toMatchObject({
      phase: 'Failed',
      containerStatuses: [{ state: { terminated: { exitCode: 137 } } }],
    });
    expect(found.reason ?? found.message).toBeUndefined();
    expect(JSON.stringify(found)).not.toContain('vanished');
  });

  test.each([
    ['nothing', {}],
    ['nulls', { spec: null, status: null }],
    ['null lists', { spec: { initContainers: null }, status: { conditions: null, containerStatuses: null } }],
  ])('of a pod with %s', (_, pod) => {
    expect(lost(raw(pod))).toMatchObject({ phase: 'Failed', reason: 'LowerPodLost' });
    expect(lost(raw(pod), raw(pod))).toMatchObject({ phase: 'Failed', reason: 'LowerPodLost' });
  });
});

describe('the note of the lower pod', () => {
  const noted = (note: unknown) =>
    notedLowerUid(upperPod({ metadata: { annotations: { 'isthmus.io/lower-pod': note } } }));

  test('reads back', () => {
    expect(noted(lowerPodNote(upperPod(), lowerPod()))).toBe('lower-uid');
  });

  test.each([
    ['of another pod: somebody copied the manifest', 'other-uid/lower-uid'],
    ['without a lower uid', 'upper-uid'],
    ['with an empty lower uid', 'upper-uid/'],
    ['empty', ''],
    ['missing', undefined],
  ])('%s says nothing', (_, note) => {
    expect(noted(note)).toBeUndefined();
  });

  test.each([
    {},
    { metadata: null },
    { metadata: { annotations: null } },
    { metadata: { annotations: { 'isthmus.io/lower-pod': '/x' } } },
  ])('there is none in %j', (pod) => {
    expect(notedLowerUid(raw(pod))).toBeUndefined();
  });
});
