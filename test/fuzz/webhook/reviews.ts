import fc from 'fast-check';
import { deep, hostileValue, objectWith, stringifyDeep } from '../parts/hostile-values.ts';
import { damaged } from '../parts/mutate-bytes.ts';
import { mutated } from '../parts/mutate-json.ts';
import { goodPods, scheduling } from '../parts/pods.ts';

/** A review as the API server sends it. */
export const review = (object: unknown, request: object = {}) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    namespace: 'shop',
    operation: 'CREATE',
    userInfo: { username: 'admin', groups: ['system:masters'] },
    object,
    oldObject: null,
    dryRun: false,
    ...request,
  },
});

const pods = goodPods.map((pod) => {
  const { spec, ...rest } = pod as { spec: object };
  return {
    ...rest,
    spec: { ...spec, volumes: [{ name: 'a', persistentVolumeClaim: { claimName: 'data' } }] },
  };
});
const others = [
  review(pods[0], { kind: { group: 'apps', version: 'v1', kind: 'Deployment' } }),
  review(pods[0], { operation: 'DELETE', object: null }),
  review(pods[1], { subResource: 'status', operation: 'UPDATE' }),
];
const selectors = mutated([scheduling]).map((selector) => JSON.stringify(selector) ?? '');
const selector = fc.oneof(selectors, damaged([JSON.stringify(scheduling)]));

/** Reviews of which some parts are not what they should be, as JSON. */
export const hostileReview: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 4, arbitrary: mutated([...pods.map((pod) => review(pod)), ...others]) },
    { weight: 4, arbitrary: mutated(pods).map((pod) => review(pod)) },
    {
      weight: 2,
      arbitrary: selector.map((clusterSelector) =>
        review({
          ...pods[1],
          metadata: { labels: { 'virtual-pod': 'true' }, annotations: { clusterSelector } },
        }),
      ),
    },
    { weight: 1, arbitrary: hostileValue },
  )
  .map((value) => JSON.stringify(value) ?? '');

/** Good reviews in which characters are lost or put in. */
export const damagedReview: fc.Arbitrary<string> = damaged(pods.map((pod) => JSON.stringify(review(pod))));

const many = (count: number, part: (index: number) => unknown) =>
  Array.from({ length: count }, (_, index) => part(index));
const keys = (count: number, value: unknown) =>
  Object.fromEntries(many(count, (index) => [`k${index}`, value]) as [string, unknown][]);
const asked = (spec: object, metadata: object = {}) =>
  review({ metadata: { labels: { 'virtual-pod': 'true' }, ...metadata }, spec: { containers: [], ...spec } });
const terms = (nodeSelectorTerms: unknown) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});
const lost = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' };

/** Longer than any pod that etcd takes (1.5 MB), and made so that a careless reader takes minutes. */
export const giantReview: fc.Arbitrary<string> = fc.integer({ min: 500, max: 20_000 }).chain((count) =>
  fc
    .constantFrom<() => unknown>(
      () => asked({ tolerations: many(count, () => 1) }),
      () => asked({ tolerations: many(count, (index) => ({ key: `k${index}` })) }),
      () => asked({ tolerations: [...many(count / 2, () => ({})), ...many(count / 2, () => lost)] }),
      () => asked({ nodeSelector: keys(count, 'a') }),
      () => asked({ nodeSelector: keys(count, 1) }),
      () => asked({ volumes: many(count, () => ({ persistentVolumeClaim: {} })) }),
      () =>
        asked(
          terms(
            many(count, (index) => ({
              matchExpressions: [{ key: `k${index}`, operator: 'In', values: ['a'] }],
            })),
          ),
        ),
      () => asked(terms(many(count, () => ({ matchExpressions: [] })))),
      () =>
        asked(
          terms([
            {
              matchExpressions: [
                { key: 'type', operator: 'In', values: many(count, (index) => `v${index}`) },
              ],
            },
          ]),
        ),
      () =>
        asked(
          {},
          { annotations: { clusterSelector: JSON.stringify({ tolerations: many(count, () => ({})) }) } },
        ),
      () => asked({}, { annotations: { clusterSelector: JSON.stringify(deep) } }),
      () => asked({ affinity: { later: deep } }),
      () => asked({ tolerations: [{ later: deep }] }),
      () => asked(terms([{ later: deep, matchExpressions: [{ key: 'a', operator: 'Exists' }] }])),
      () => asked({}, { annotations: keys(count, 'a') }),
      () => asked({}, { labels: keys(count, {}) }),
      () => ({ ...review({}), request: many(count, () => objectWith('__proto__', 1)) }),
      () => 'x'.repeat(count * 600),
    )
    .map((make) => stringifyDeep(make(), count)),
);
