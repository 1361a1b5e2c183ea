import fc from 'fast-check';
import { nodeLabels, taintKeys } from './random-nodes.ts';

/** Namespaces of the test, with the labels that they have. */
export const testNamespaces: Readonly<Record<string, Record<string, string>>> = {
  'fit-x': { team: 'one' },
  'fit-y': { team: 'two', stage: 'test' },
  'fit-z': {},
};

const zone = 'topology.kubernetes.io/zone';
const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq = 3) => fc.option(arbitrary, { freq, nil: undefined });
const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const podLabels = fc.record(
  {
    app: fc.constantFrom('web', 'db', 'job'),
    tier: fc.constantFrom('front', 'back'),
    version: fc.constantFrom('1', '2'),
  },
  { requiredKeys: [] },
);
const topologyKey = fc.constantFrom(zone, 'kubernetes.io/hostname', 'disk', 'topology.kubernetes.io/region');

const requests = fc.record(
  {
    cpu: fc.constantFrom('0', '1m', '100m', '500m', '1', '1500m', '3'),
    memory: fc.constantFrom('100Mi', '500Mi', '1Gi', '1500M', '3Gi'),
    'ephemeral-storage': fc.constantFrom('100Mi', '2Gi'),
  },
  { requiredKeys: [] },
);
/** Of these requests and limits must be equal, and huge pages need cpu or memory beside them. */
const devices = rarely(
  fc.oneof(
    fc.constantFrom({ 'example.com/gpu': '1' }, { 'example.com/gpu': '2' }, { 'example.com/none': '1' }),
    fc.constant({ 'hugepages-2Mi': '4Mi' }),
  ),
);
const resources = fc.tuple(requests, devices).map(([asked, exact]) => ({
  requests: { ...(exact && { cpu: '1m' }), ...asked, ...exact },
  ...(exact && { limits: exact }),
}));

const port = fc.record(
  {
    hostPort: fc.constantFrom(80, 443),
    protocol: fc.constantFrom('TCP', 'UDP'),
    hostIP: fc.constantFrom('127.0.0.1', '10.0.0.1', '0.0.0.0'),
  },
  { requiredKeys: ['hostPort'] },
);
const ports = rarely(
  fc
    .uniqueArray(port, {
      minLength: 1,
      maxLength: 2,
      selector: (each) => `${each.hostPort}/${each.protocol ?? 'TCP'}/${each.hostIP ?? ''}`,
    })
    .map((all) => all.map((each) => ({ ...each, containerPort: each.hostPort }))),
);

const labelExpression = fc.oneof(
  fc.record({
    key: fc.constantFrom('app', 'tier'),
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.uniqueArray(fc.constantFrom('web', 'db', 'front', 'back'), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    key: fc.constantFrom('app', 'tier', 'version'),
    operator: fc.constantFrom('Exists', 'DoesNotExist'),
  }),
);
const labelSelector = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ matchLabels: fc.record({ app: fc.constantFrom('web', 'db', 'job') }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ matchExpressions: fc.array(labelExpression, { minLength: 1, maxLength: 2 }) }),
  },
  { weight: 1, arbitrary: fc.constant({}) },
);
const namespaceSelector = fc.constantFrom<object>(
  {},
  { matchLabels: { team: 'one' } },
  { matchExpressions: [{ key: 'team', operator: 'Exists' }] },
  { matchExpressions: [{ key: 'stage', operator: 'DoesNotExist' }] },
);
const term = fc
  .record({
    topologyKey,
    labelSelector: maybe(labelSelector, 9),
    namespaces: rarely(
      fc.uniqueArray(fc.constantFrom(...Object.keys(testNamespaces)), { minLength: 1, maxLength: 2 }),
    ),
    namespaceSelector: rarely(namespaceSelector),
    keys: rarely(
      fc.constantFrom<object>({ matchLabelKeys: ['version'] }, { mismatchLabelKeys: ['version'] }),
    ),
  })
  .map(({ keys, ...rest }) => ({
    ...rest,
    ...(rest.labelSelector && !mentions(rest.labelSelector, 'version') && keys),
  }));
const terms = rarely(fc.array(term, { minLength: 1, maxLength: 2 }));

const constraint = fc
  .record({
    topologyKey,
    maxSkew: fc.constantFrom(1, 1, 2),
    whenUnsatisfiable: fc.constantFrom('DoNotSchedule', 'DoNotSchedule', 'ScheduleAnyway'),
    labelSelector: maybe(labelSelector, 9),
    minDomains: rarely(fc.constantFrom(1, 2, 4)),
    nodeAffinityPolicy: maybe(fc.constantFrom('Honor', 'Ignore'), 1),
    nodeTaintsPolicy: maybe(fc.constantFrom('Honor', 'Ignore'), 1),
    matchLabelKeys: rarely(fc.constant(['version'])),
  })
  .map(({ minDomains, matchLabelKeys, ...rest }) => ({
    ...rest,
    ...(rest.whenUnsatisfiable === 'DoNotSchedule' && minDomains && { minDomains }),
    ...(rest.labelSelector &&
      !mentions(rest.labelSelector, 'version') &&
      matchLabelKeys && { matchLabelKeys }),
  }));
const spread = rarely(
  fc.uniqueArray(constraint, {
    minLength: 1,
    maxLength: 2,
    selector: ({ topologyKey: key, whenUnsatisfiable }) => key + whenUnsatisfiable,
  }),
);

const nodeExpression = fc.oneof(
  fc.constantFrom(...Object.keys(nodeLabels)).chain((key) =>
    fc.record({
      key: fc.constant(key),
      operator: fc.constantFrom('In', 'NotIn'),
      values: fc.uniqueArray(fc.constantFrom(...(nodeLabels[key] ?? []), 'none'), {
        minLength: 1,
        maxLength: 2,
      }),
    }),
  ),
  fc.record({
    key: fc.constantFrom(...Object.keys(nodeLabels), 'missing'),
    operator: fc.constantFrom('Exists', 'DoesNotExist'),
  }),
  fc.record({
    key: fc.constantFrom('generation', 'missing'),
    operator: fc.constantFrom('Gt', 'Lt'),
    values: fc.constantFrom(['4'], ['-5'], ['10']),
  }),
);
/** `%` stands for the prefix of the case's nodes. */
const nodeField = fc.record({
  key: fc.constant('metadata.name'),
  operator: fc.constantFrom('In', 'In', 'NotIn'),
  values: fc.constantFrom(['%0'], ['%1'], ['gone']),
});
const nodeTerm = fc.record({
  matchExpressions: maybe(fc.array(nodeExpression, { minLength: 1, maxLength: 2 })),
  matchFields: rarely(fc.array(nodeField, { minLength: 1, maxLength: 2 })),
});

const toleration = fc.oneof(
  fc.constant({ operator: 'Exists' }),
  fc
    .record(
      {
        key: fc.constantFrom(...taintKeys),
        operator: fc.constantFrom('Equal', 'Exists'),
        value: fc.constantFrom('a', 'b'),
        effect: fc.constantFrom('NoSchedule', 'NoExecute'),
      },
      { requiredKeys: ['key', 'operator'] },
    )
    .map((each) => (each.operator === 'Exists' ? { ...each, value: undefined } : each)),
  fc.constant({ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }),
);

/** What pods of both kinds have: those that are there and those that look for a place. */
const base = {
  namespace: fc.constantFrom(...Object.keys(testNamespaces)),
  labels: podLabels,
  containers: fc.array(fc.record({ resources, ports }), { minLength: 1, maxLength: 2 }),
  initContainers: rarely(
    fc.array(fc.record({ resources, sidecar: fc.boolean() }), { minLength: 1, maxLength: 3 }),
  ),
  wholePod: rarely(fc.constantFrom({ cpu: '2' }, { memory: '2Gi' }, { cpu: '3', memory: '3Gi' })),
  isHeavy: rarely(fc.constant(true)),
  antiAffinity: terms,
  claims: rarely(fc.uniqueArray(fc.nat({ max: 6 }), { minLength: 1, maxLength: 2 })),
};

/** A pod that is on a node of the case, by its place. */
export const placedDraw = fc.record({
  ...base,
  node: fc.nat({ max: 9 }),
  isTerminating: rarely(fc.constant(true)),
  /** What its first container has while it is resized. */
  resized: rarely(fc.constantFrom({ cpu: '2' }, { memory: '2Gi' }, { cpu: '1m' })),
});
export type PlacedDraw = typeof placedDraw extends fc.Arbitrary<infer Draw> ? Draw : never;

/** A pod to find a place for. */
export const candidateDraw = fc.record({
  ...base,
  tolerations: rarely(fc.array(toleration, { minLength: 1, maxLength: 2 })),
  nodeSelector: rarely(
    fc.constantFrom<Record<string, string>>({ disk: 'ssd' }, { [zone]: 'z1', disk: 'hdd' }, { disk: 'tape' }),
  ),
  nodeTerms: rarely(fc.array(nodeTerm, { minLength: 1, maxLength: 2 })),
  affinity: terms,
  spread,
});
export type CandidateDraw = typeof candidateDraw extends fc.Arbitrary<infer Draw> ? Draw : never;

function mentions(selector: object, key: string): boolean {
  return JSON.stringify(selector).includes(`"${key}"`);
}
