import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pod } from '../kube/types.ts';
import { isOurs, upperUidOf } from './marks.ts';
import { metadataDown, type PodDownOptions, podDown } from './pod-down.ts';
import { options as defaults, frozen, owner, raw, upperPod } from './test-objects.ts';

// Service accounts have tests of their own: the mode none changes least.
const options: PodDownOptions = { ...defaults, serviceAccounts: 'none' };
const down = (upper: Pod, ...ignored: string[]) =>
  podDown(upper, owner, { ...options, ignoreLabels: new Set(ignored) });
const specOf = (spec: object) => down(upperPod({ spec })).spec;

describe('metadata', () => {
  test('of a pod, whole', () => {
    const upper = upperPod({
      metadata: {
        generateName: 'web-',
        selfLink: '/x',
        deletionTimestamp: '2026-01-02T03:04:05Z',
        deletionGracePeriodSeconds: 30,
        finalizers: ['batch.kubernetes.io/job-tracking'],
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'r', controller: true },
        ],
        managedFields: [{ manager: 'kubectl' }],
        annotations: { note: 'x', clusterSelector: '{}', 'isthmus.io/lower-pod': 'upper-uid/old' },
        labels: { 'virtual-pod': 'true', app: 'web', team: 'a' },
      },
    });
    expect(down(upper, 'team', '').metadata).toEqual({
      name: 'web-0',
      namespace: 'shop',
      labels: { app: 'web', 'virtual-pod': 'true' },
      annotations: {
        note: 'x',
        clusterSelector: '{}',
        'tripped-labels': '{"team":"a"}',
        'isthmus.io/upper-cluster': 'upper-cluster-uid',
        'isthmus.io/virtual-node': 'vk-a',
        'isthmus.io/upper-uid': 'upper-uid',
        'isthmus.io/upper-generation': '3',
        'isthmus.io/carried-names':
          '{"labels":["app","virtual-pod"],"annotations":["clusterSelector","note","tripped-labels"]}',
        'isthmus.io/carried-spec': '{"images":{"main":"nginx:1"}}',
      },
    });
  });

  test.each([
    ['null labels and annotations', { labels: null, annotations: null }],
    ['neither labels nor annotations', { labels: undefined, annotations: undefined }],
    ['our mark on somebody else’s behalf', { labels: { 'virtual-pod': 'no' } }],
    ['our mark among the ignored labels', { labels: { ignored: 'x', 'virtual-pod': 'true' } }],
    [
      'annotations that claim another origin',
      {
        annotations: { 'isthmus.io/upper-cluster': 'x', 'isthmus.io/virtual-node': 'y', 'isthmus.io/z': 'z' },
      },
    ],
  ])('is marked as ours with %s', (_, metadata) => {
    const lower = down(upperPod({ metadata }), 'ignored', 'virtual-pod');
    expect(isOurs(lower, owner)).toBe(true);
    expect(upperUidOf(lower)).toBe('upper-uid');
    expect(lower.metadata?.annotations).not.toHaveProperty(['isthmus.io/z']);
  });

  test.each([null, undefined])(
    'says nothing of a generation that an old API server does not keep',
    (generation) => {
      expect(
        metadataDown(upperPod({ metadata: { generation } }), owner, options).annotations,
      ).not.toHaveProperty(['isthmus.io/upper-generation']);
    },
  );

  test('remembers in the annotation of the pod which labels stayed above, not which were named', () => {
    expect(down(upperPod(), 'absent').metadata?.annotations).not.toHaveProperty(['tripped-labels']);
  });
});

describe('spec', () => {
  test.each([
    'nodeName',
    'schedulerName',
    'serviceAccount',
    'serviceAccountName',
    'priority',
    'preemptionPolicy',
    'overhead',
    'ephemeralContainers',
    'schedulingGates',
    'workloadRef',
    'schedulingGroup',
    'nodeSelector',
    'tolerations',
  ])('%s stays above', (field) => {
    expect(specOf({ [field]: [{ name: 'x' }] })).not.toHaveProperty(field);
  });

  test.each([
    ['priorityClassName', 'high'],
    ['runtimeClassName', 'gvisor'],
    ['terminationGracePeriodSeconds', 0],
    ['activeDeadlineSeconds', 60],
    ['restartPolicy', 'Never'],
    ['dnsConfig', { nameservers: ['1.1.1.1'] }],
    ['hostAliases', [{ ip: '1.2.3.4' }]],
    ['hostNetwork', true],
    ['securityContext', { runAsUser: 1, later: 2 }],
    ['imagePullSecrets', [{ name: 's' }]],
    ['readinessGates', [{ conditionType: 'a/b' }]],
    ['resources', { requests: { cpu: '1' } }],
    ['os', { name: 'linux' }],
    ['subdomain', 'db'],
    ['aFieldOfTomorrow', { deep: [1, { x: null }] }],
  ])('%s goes down as it is', (field, value) => {
    expect(specOf({ [field]: value })).toHaveProperty(field, value);
  });

  test('containers go down with fields that nobody here knows', () => {
    const container = {
      name: 'c',
      image: 'i',
      later: { x: 1 },
      restartPolicy: 'Always',
      env: [{ name: 'A' }],
    };
    expect(specOf({ containers: [container], initContainers: [container] })).toMatchObject({
      containers: [container],
      initContainers: [container],
    });
  });

  test('the token of the upper service account stays above, and nothing else mounts one', () => {
    const volume = (name: string, source: object) => ({ name, projected: { sources: [source] } });
    const token = volume('kube-api-access-x', { serviceAccountToken: { path: 'token' } });
    const other = volume('kube-api-access-mine', { configMap: { name: 'c' } });
    const mounts = [
      { name: 'kube-api-access-x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
      { name: 'kube-api-access-mine', mountPath: '/x' },
    ];
    const spec = specOf({
      volumes: [token, other],
      containers: [{ name: 'a', volumeMounts: mounts }, { name: 'b' }, { name: 'c', volumeMounts: null }],
      initContainers: [{ name: 'd', volumeMounts: [mounts[0]] }],
    });
    expect(spec?.automountServiceAccountToken).toBe(false);
    expect(spec?.volumes).toEqual([other]);
    expect(spec?.containers).toEqual([
      { name: 'a', volumeMounts: [mounts[1]] },
      { name: 'b' },
      { name: 'c', volumeMounts: null },
    ]);
    expect(spec?.initContainers).toEqual([{ name: 'd', volumeMounts: [] }]);
  });

  test('the downward API reads in variables and volumes as it would above', () => {
    const fieldRef = { apiVersion: 'v1', fieldPath: 'metadata.uid' };
    const below = { apiVersion: 'v1', fieldPath: "metadata.annotations['isthmus.io/upper-uid']" };
    const account = { fieldRef: { fieldPath: 'spec.serviceAccountName' } };
    const env = (ref: object) => [{ name: 'UID', valueFrom: { fieldRef: ref } }];
    const spec = specOf({
      serviceAccountName: 'builder',
      containers: [{ name: 'a', env: env(fieldRef) }],
      initContainers: [{ name: 'b', env: [{ name: 'SA', valueFrom: account }] }],
      volumes: [{ name: 'v', downwardAPI: { items: [{ path: 'uid', fieldRef }] } }],
    });
    expect(spec?.containers).toEqual([{ name: 'a', env: env(below) }]);
    expect(spec?.initContainers).toEqual([{ name: 'b', env: [{ name: 'SA', value: 'builder' }] }]);
    expect(spec?.volumes).toEqual([
      { name: 'v', downwardAPI: { items: [{ path: 'uid', fieldRef: below }] } },
    ]);
  });

  test('scheduling fields come from clusterSelector, one that cannot be read counts for nothing', () => {
    const pod = (clusterSelector: string) =>
      down(upperPod({ metadata: { annotations: { clusterSelector } }, spec: { nodeSelector: { a: 'b' } } }));
    expect(pod('{"nodeSelector":{"disk":"ssd"}}').spec?.nodeSelector).toEqual({ disk: 'ssd' });
    expect(pod('nonsense').spec).not.toHaveProperty('nodeSelector');
  });

  test('label keys that the upper API server merged are merged once, by the lower one', () => {
    const constraint = { maxSkew: 1, topologyKey: 'zone', matchLabelKeys: ['pod-template-hash'] };
    const hash = { key: 'pod-template-hash', operator: 'In', values: ['5d4f'] };
    expect(
      specOf({ topologySpreadConstraints: [{ ...constraint, labelSelector: { matchExpressions: [hash] } }] }),
    ).toHaveProperty('topologySpreadConstraints', [{ ...constraint, labelSelector: {} }]);
  });

  test.each([
    ['no spec', { metadata: { name: 'a' } }],
    ['a null spec', { metadata: { name: 'a' }, spec: null, status: null }],
    ['an empty spec', { spec: {} }],
    ['no metadata', { metadata: null, spec: { containers: [] } }],
    [
      'null fields',
      { spec: { containers: null, initContainers: null, volumes: null, affinity: null, tolerations: null } },
    ],
  ])('survives %s', (_, pod) => {
    expect(down(raw(pod))).not.toHaveProperty('status');
  });
});

describe('any pod', () => {
  const text = fc.constantFrom(
    'a',
    'app',
    'virtual-pod',
    'isthmus.io/x',
    'constructor',
    'metadata.uid',
    'spec.host',
  );
  const json = fc.jsonValue({ maxDepth: 2 });
  const map = fc.dictionary(text, text, { maxKeys: 3 });
  const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: null });
  const source = fc.oneof(
    fc.record({ configMap: fc.record({ name: text }) }),
    fc.record({ serviceAccountToken: fc.record({ path: text }) }),
    fc.record({
      downwardAPI: maybe(
        fc.record({ items: maybe(fc.array(fc.record({ fieldRef: maybe(fc.record({ fieldPath: text })) }))) }),
      ),
    }),
  );
  const container = fc.record(
    {
      name: text,
      image: text,
      env: maybe(
        fc.array(
          fc.record({
            name: text,
            valueFrom: maybe(fc.record({ fieldRef: fc.record({ fieldPath: text }) })),
          }),
        ),
      ),
      volumeMounts: maybe(fc.array(fc.record({ name: text }))),
      later: json,
    },
    { requiredKeys: ['name'] },
  );
  const anyPod = fc.record(
    {
      metadata: fc.record(
        {
          name: text,
          namespace: text,
          uid: text,
          labels: maybe(map),
          annotations: maybe(map),
          finalizers: json,
        },
        { requiredKeys: ['uid'] },
      ),
      spec: maybe(
        fc.record(
          {
            containers: maybe(fc.array(container)),
            initContainers: maybe(fc.array(container)),
            volumes: maybe(
              fc.array(
                fc.record({
                  name: fc.constantFrom('v', 'kube-api-access-1'),
                  projected: maybe(fc.record({ sources: maybe(fc.array(source)) })),
                }),
              ),
            ),
            affinity: maybe(fc.record({ nodeAffinity: maybe(json), podAffinity: fc.constant(null) })),
            later: json,
          },
          { requiredKeys: [] },
        ),
      ),
      status: json,
    },
    { requiredKeys: ['metadata'] },
  );

  test('is translated without being changed, the same way each time, and into one of ours', () => {
    fc.assert(
      fc.property(anyPod, fc.array(text), (pod, ignored) => {
        const upper = frozen(pod) as unknown as Pod;
        const lower = down(upper, ...ignored);
        expect(down(upper, ...ignored)).toEqual(lower);
        expect(isOurs(lower, owner)).toBe(true);
        expect(upperUidOf(lower)).toBe(upper.metadata?.uid);
        expect(Object.keys(lower)).not.toContain('status');
        expect(lower.metadata).not.toHaveProperty('finalizers');
        for (const key of Object.keys(lower.metadata?.annotations ?? {}))
          expect(key).not.toBe('isthmus.io/x');
        if (pod.spec && 'later' in pod.spec) expect(lower.spec).toHaveProperty('later', pod.spec.later);
      }),
    );
  });
});
