import { describe, expect, test } from 'vitest';
import type { Pod } from '../kube/types.ts';
import { changesOf, type LowerPatch } from './pod-changes.ts';
import { podDown } from './pod-down.ts';
import { frozen, options, owner, raw, upperPod } from './test-objects.ts';

type Parts = Parameters<typeof upperPod>[0];

/** A lower pod as it was made for an upper one, with the spec and status it has since. */
function below(before: Parts, since: { spec?: object; status?: object } = {}): Pod {
  const { metadata, spec } = podDown(upperPod(before), owner, options);
  return raw({
    metadata: { ...metadata, uid: 'lower-uid' },
    spec: { ...spec, ...since.spec },
    status: since.status ?? {},
  });
}

/** The patches after an edit from `before` to `after`, without the annotations that are ours. */
function edits(before: Parts, after: Parts, since: { spec?: object; status?: object } = {}) {
  const upper = upperPod({ ...after, metadata: { generation: 4, ...after?.metadata } });
  return changesOf(upper, below(before, since), owner, options);
}

const subresources = (patches: LowerPatch[]) => patches.map(({ subresource }) => subresource ?? 'pod');
const specOf = (patches: LowerPatch[], subresource?: LowerPatch['subresource']) =>
  patches.find((patch) => patch.subresource === subresource && patch.patch.spec)?.patch.spec;

describe('resize', () => {
  const sized = (requests: unknown, limits?: unknown, name = 'main') => ({
    name,
    image: 'i',
    resources: { requests, limits },
  });
  const resize = (before: object, after: object, since?: object) =>
    specOf(edits({ spec: before }, { spec: after }, since ? { spec: since } : {}), 'resize');
  const one = (requests: unknown, limits?: unknown) => ({ containers: [sized(requests, limits)] });

  test.each<[string, object, object, unknown, object?]>([
    [
      'a request and a limit',
      one({ cpu: '1', memory: '1Gi' }, { cpu: '2' }),
      one({ cpu: '2', memory: '1Gi' }, { cpu: '3' }),
      { containers: [{ name: 'main', resources: { requests: { cpu: '2' }, limits: { cpu: '3' } } }] },
    ],
    [
      'what a LimitRange below has added stays',
      one({ cpu: '1' }),
      one({ cpu: '2' }),
      { containers: [{ name: 'main', resources: { requests: { cpu: '2' } } }] },
      one({ cpu: '1', memory: '64Mi' }, { memory: '128Mi' }),
    ],
    [
      'what somebody below has resized stays, until it changes above',
      one({ cpu: '1', memory: '1Gi' }),
      one({ cpu: '1', memory: '2Gi' }),
      { containers: [{ name: 'main', resources: { requests: { memory: '2Gi' } } }] },
      one({ cpu: '500m', memory: '1Gi' }),
    ],
    [
      'what is there below already is not sent',
      one({ cpu: '1' }),
      one({ cpu: '2' }),
      undefined,
      one({ cpu: '2' }),
    ],
    // The API server refuses it above as well (validateContainerResize).
    ['a limit that is there no more stays', one({ cpu: '1' }, { cpu: '2' }), one({ cpu: '1' }), undefined],
    [
      'a request that is new',
      one(null),
      one({ cpu: '1' }),
      { containers: [{ name: 'main', resources: { requests: { cpu: '1' } } }] },
    ],
    [
      'a sidecar, and not the container beside it',
      { ...one({ cpu: '1' }), initContainers: [sized({ cpu: '1' }, null, 'proxy')] },
      { ...one({ cpu: '1' }), initContainers: [sized({ cpu: '2' }, null, 'proxy')] },
      { initContainers: [{ name: 'proxy', resources: { requests: { cpu: '2' } } }] },
    ],
    [
      'the pod as a whole',
      { resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' } } },
      { resources: { requests: { cpu: '2' }, limits: { memory: '1Gi' } } },
      { resources: { requests: { cpu: '2' } } },
    ],
    [
      'a name that every object has',
      one({}),
      one({ constructor: '1' }),
      { containers: [{ name: 'main', resources: { requests: { constructor: '1' } } }] },
    ],
    [
      'a container that is not below',
      one({ cpu: '1' }),
      { containers: [sized({ cpu: '2' }, null, 'other')] },
      undefined,
    ],
    ['nulls', { containers: null, resources: null }, { containers: null, resources: null }, undefined],
  ])('%s', (_, before, after, expected, since) => {
    expect(resize(before, after, since)).toEqual(expected);
  });

  test.each([
    undefined,
    'nonsense',
    '{"resources":["a"],"podResources":5}',
    '{"resources":{"main":{"requests":[1]}}}',
  ])('with a memory of %s the lower pod is what counts', (memory) => {
    const lower = below({ spec: one({ cpu: '1' }) });
    const annotations = { ...lower.metadata?.annotations, 'isthmus.io/carried-spec': memory };
    const damaged = frozen({ ...lower, metadata: { ...lower.metadata, annotations } }) as Pod;
    const patches = changesOf(upperPod({ spec: one({ cpu: '2' }) }), damaged, owner, options);
    expect(specOf(patches, 'resize')).toEqual({
      containers: [{ name: 'main', resources: { requests: { cpu: '2' } } }],
    });
  });
});

describe('ephemeral containers', () => {
  const debug = { name: 'debug', image: 'busybox', targetContainerName: 'main' };
  const uid = { name: 'UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } };
  const added = (after: object, since?: object) =>
    specOf(edits({}, { spec: after }, since ? { spec: since } : {}), 'ephemeralcontainers');

  test('are added with what they need to speak of the upper pod', () => {
    expect(added({ ephemeralContainers: [{ ...debug, env: [uid] }] })).toEqual({
      ephemeralContainers: [
        {
          ...debug,
          env: [
            { name: 'KUBERNETES_SERVICE_HOST', value: '10.1.2.3' },
            { name: 'KUBERNETES_SERVICE_PORT', value: '6443' },
            { name: 'KUBERNETES_SERVICE_PORT_HTTPS', value: '6443' },
            {
              name: 'UID',
              valueFrom: { fieldRef: { fieldPath: "metadata.annotations['isthmus.io/upper-uid']" } },
            },
          ],
        },
      ],
    });
  });

  test('only those that are not below are sent: the API server refuses a change of the others', () => {
    const both = { ephemeralContainers: [debug, { name: 'second' }] };
    expect(added(both, { ephemeralContainers: [{ name: 'debug', image: 'rewritten' }] })).toMatchObject({
      ephemeralContainers: [{ name: 'second' }],
    });
    expect(added(both, both)).toBeUndefined();
  });

  test('what the policy forbids stays above, what comes with it does not', () => {
    const privileged = { name: 'root', securityContext: { privileged: true } };
    const upper = upperPod({ spec: { ephemeralContainers: [privileged, debug] } });
    const refused = new Set(['privileged'] as const);
    const patches = changesOf(upper, below({}), owner, { ...options, refused });
    expect(specOf(patches, 'ephemeralcontainers')).toMatchObject({
      ephemeralContainers: [{ name: 'debug' }],
    });
  });

  test.each([null, undefined, []])('%j are none', (ephemeralContainers) => {
    expect(added({ ephemeralContainers })).toBeUndefined();
  });
});

describe('tolerations of clusterSelector', () => {
  const gpu = { key: 'gpu', operator: 'Exists', effect: 'NoSchedule' };
  const slow = { key: 'slow', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 10 };
  const added = {
    key: 'node.kubernetes.io/not-ready',
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  };
  const selector = (...tolerations: object[]) => ({
    metadata: { generation: 3, annotations: { clusterSelector: JSON.stringify({ tolerations }) } },
  });
  /** The generation stays: an annotation is no part of the spec. */
  const tolerations = (before: Parts, after: Parts, since?: object[]) =>
    specOf(edits(before, after, since ? { spec: { tolerations: since } } : {}));

  test.each<[string, Parts, Parts, object[] | undefined, unknown]>([
    ['one more', selector(gpu), selector(gpu, slow), [gpu, added], { tolerations: [gpu, added, slow] }],
    ['the first', {}, selector(gpu), [added], { tolerations: [added, gpu] }],
    [
      'other seconds take the place of the old ones',
      selector(slow),
      selector({ ...slow, tolerationSeconds: 20 }),
      [added, slow],
      { tolerations: [added, { ...slow, tolerationSeconds: 20 }] },
    ],
    [
      'an operator that was left out',
      selector(),
      selector({ key: 'a', operator: 'Equal' }),
      [{ key: 'a' }],
      undefined,
    ],
    ['one less: they can only be added', selector(gpu, slow), selector(gpu), [gpu, slow], undefined],
    ['what a webhook below took away stays away', selector(gpu), selector(gpu), [], undefined],
    [
      'tolerations of the upper pod speak of virtual nodes',
      {},
      { spec: { tolerations: [gpu] } },
      undefined,
      undefined,
    ],
  ])('%s', (_, before, after, since, expected) => {
    expect(tolerations(before, after, since)).toEqual(expected);
  });
});

describe('further fields', () => {
  test.each([
    ['a negative grace period becomes one', -1, 1, { terminationGracePeriodSeconds: 1 }],
    ['any other stays', 30, 1, undefined],
    ['unless it was positive', -1, 30, undefined],
  ])('%s', (_, before, after, expected) => {
    const spec = (terminationGracePeriodSeconds: number) => ({ spec: { terminationGracePeriodSeconds } });
    expect(specOf(edits(spec(before), spec(after)))).toEqual(expected);
  });

  test('a deadline that was taken away above stays below, for the API takes none away', () => {
    expect(specOf(edits({ spec: { activeDeadlineSeconds: 60 } }, {}))).toBeUndefined();
  });
});

describe('the order', () => {
  const gate = { readinessGates: [{ conditionType: 'a/gate' }] };
  const set = {
    conditions: [
      { type: 'a/gate', status: 'True', observedGeneration: 3, lastTransitionTime: '2026-01-02T03:04:05Z' },
    ],
  };
  const before = {
    spec: { ...gate, containers: [{ name: 'main', image: 'i:1', resources: { requests: { cpu: '1' } } }] },
  };
  const after = {
    metadata: { labels: { app: 'other' } },
    spec: {
      ...gate,
      containers: [{ name: 'main', image: 'i:2', resources: { requests: { cpu: '2' } } }],
      ephemeralContainers: [{ name: 'debug' }],
    },
    status: set,
  };

  test('what may be refused comes late, and what vouches for it last', () => {
    const patches = edits(before, after);
    expect(subresources(patches)).toEqual(['status', 'pod', 'ephemeralcontainers', 'resize', 'pod']);
    const [status, first, , , last] = patches;
    const { observedGeneration: _upper, ...condition } = set.conditions[0] ?? {};
    expect(status?.patch).toEqual({ status: { conditions: [condition] } });
    expect(first?.patch).toEqual({
      metadata: {
        labels: { app: 'other' },
        annotations: { 'isthmus.io/carried-names': '{"labels":["app"],"annotations":[]}' },
      },
      spec: { containers: [{ name: 'main', image: 'i:2' }] },
    });
    expect(Object.keys(last?.patch.metadata?.annotations ?? {}).sort()).toEqual([
      'isthmus.io/carried-spec',
      'isthmus.io/upper-generation',
    ]);
  });

  test('without a subresource there is one request', () => {
    expect(subresources(edits(before, { ...before, metadata: { labels: { app: 'other' } } }))).toEqual([
      'pod',
    ]);
  });

  test('in step there is none', () => {
    expect(changesOf(upperPod(before), below(before), owner, options)).toEqual([]);
    const debugged = { spec: { ...before.spec, ephemeralContainers: [{ name: 'debug' }] } };
    const lower = below(debugged, { spec: { ephemeralContainers: [{ name: 'debug' }] } });
    expect(changesOf(upperPod(debugged), lower, owner, options)).toEqual([]);
  });

  test('a debug container that was there before the lower pod follows it', () => {
    const debugged = { spec: { ...before.spec, ephemeralContainers: [{ name: 'debug' }] } };
    expect(subresources(changesOf(upperPod(debugged), below(debugged), owner, options))).toEqual([
      'ephemeralcontainers',
    ]);
  });
});

describe('readiness gates', () => {
  const spec = { readinessGates: [{ conditionType: 'a/gate' }] };
  const time = (second: number) => `2026-01-02T03:04:0${second}Z`;
  const condition = (status: string, second: number, more: object = {}) => ({
    conditions: [{ type: 'a/gate', status, lastTransitionTime: time(second), ...more }],
  });
  const sent = (above: object, lower: object) =>
    changesOf(upperPod({ spec, status: above }), below({ spec }, { status: lower }), owner, options);

  test.each<[string, object, object, string | undefined]>([
    ['set above', condition('True', 1), {}, 'True'],
    ['set above later', condition('False', 2), condition('True', 1), 'False'],
    ['set in both at once', condition('False', 1), condition('True', 1), 'False'],
    ['set below later', condition('False', 1), condition('True', 2), undefined],
    ['the same in both', condition('True', 2, { reason: 'x' }), condition('True', 1), undefined],
    ['set nowhere', {}, {}, undefined],
  ])('%s', (_, above, lower, status) => {
    const patches = sent(above, lower);
    expect(patches.length).toBe(status ? 1 : 0);
    if (status)
      expect(patches[0]).toMatchObject({
        subresource: 'status',
        patch: { status: { conditions: [{ status }] } },
      });
  });

  test('a condition that is no gate stays where it is', () => {
    expect(
      sent({ conditions: [{ type: 'other', status: 'True', lastTransitionTime: time(1) }] }, {}),
    ).toEqual([]);
  });
});
