import fc from 'fast-check';
import { deep, hostileTexts, hostileValue, stringifyDeep } from '../parts/hostile-values.ts';
import { damaged } from '../parts/mutate-bytes.ts';
import { mutated } from '../parts/mutate-json.ts';
import { goodPods, scheduling } from '../parts/pods.ts';

const nodeNames = ['vk-a', 'vk-b', 'plain'];

/** What a scheduler asks of a pod. */
export const question = (pod: unknown, names: unknown = nodeNames) => ({
  Pod: pod,
  Nodes: null,
  NodeNames: names,
});

const questions = goodPods.map((pod) => question(pod));
const names = fc.oneof(
  hostileValue,
  fc.array(fc.oneof(fc.constantFrom(...nodeNames, ...hostileTexts), fc.constantFrom<unknown>(null, 5, {})), {
    maxLength: 8,
  }),
);
const withSelector = (clusterSelector: string) =>
  question({
    ...goodPods[1],
    metadata: {
      namespace: 'shop',
      name: 'web',
      uid: 'u',
      labels: { 'virtual-pod': 'true' },
      annotations: { clusterSelector },
    },
  });

/** Questions of which some parts are not what they should be, as JSON. */
export const hostileQuestion: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 5, arbitrary: mutated(goodPods).map((pod) => question(pod)) },
    { weight: 2, arbitrary: mutated(questions) },
    { weight: 2, arbitrary: names.map((all) => question(goodPods[0], all)) },
    {
      weight: 2,
      arbitrary: mutated([scheduling]).map((selector) => withSelector(JSON.stringify(selector) ?? '')),
    },
    { weight: 1, arbitrary: hostileValue },
  )
  .map((value) => JSON.stringify(value) ?? '');

/** Good questions in which characters are lost or put in. */
export const damagedQuestion: fc.Arbitrary<string> = damaged(questions.map((each) => JSON.stringify(each)));

const many = (count: number, part: (index: number) => unknown) =>
  Array.from({ length: count }, (_, index) => part(index));
const pod = (spec: object) => ({ ...goodPods[0], spec: { containers: [], ...spec } });
const term = (index: number) => ({
  topologyKey: `t${index}`,
  labelSelector: { matchLabels: { [`k${index}`]: 'a' } },
});
const required = 'requiredDuringSchedulingIgnoredDuringExecution';

/** As much as a pod may have (etcd takes 1.5 MB), and more, made so that a careless reader takes minutes. */
export const giantQuestion: fc.Arbitrary<string> = fc.integer({ min: 100, max: 12_000 }).chain((count) =>
  fc
    .constantFrom<() => unknown>(
      () =>
        question(
          goodPods[1],
          many(count * 5, (index) => `node-${index}`),
        ),
      () =>
        question(
          goodPods[1],
          many(count, () => 'vk-a'),
        ),
      () =>
        question(
          goodPods[0],
          many(count * 50, () => 1),
        ),
      () =>
        question(pod({ tolerations: many(count, (index) => ({ key: `k${index}`, operator: 'Exists' })) })),
      () =>
        question(
          pod({
            initContainers: many(count, (index) => ({
              restartPolicy: 'Always',
              resources: { requests: { [`example.com/r${index}`]: '1' } },
            })),
          }),
        ),
      () =>
        question(
          pod({
            containers: many(count, (index) => ({
              resources: { requests: { [`example.com/r${index}`]: '1' } },
            })),
          }),
        ),
      () => question(pod({ containers: many(count, (index) => ({ ports: [{ hostPort: index + 1 }] })) })),
      () => question(pod({ affinity: { podAffinity: { [required]: many(count, term) } } })),
      () => question(pod({ affinity: { podAntiAffinity: { [required]: many(count, term) } } })),
      () =>
        question(
          pod({
            topologySpreadConstraints: many(count, (index) => ({
              ...term(index),
              maxSkew: 1,
              whenUnsatisfiable: 'DoNotSchedule',
            })),
          }),
        ),
      () =>
        question(
          pod({
            topologySpreadConstraints: many(count, (index) => ({
              ...term(index),
              maxSkew: 1,
              whenUnsatisfiable: 'ScheduleAnyway',
              matchLabelKeys: many(20, (key) => `k${String(key)}`),
            })),
          }),
        ),
      () =>
        question(
          pod({
            volumes: many(count, (index) => ({
              name: `v${index}`,
              projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] },
            })),
          }),
        ),
      () =>
        question(
          pod({
            containers: many(count, (index) => ({
              name: `c${index}`,
              env: many(5, (key) => ({ name: `E${String(key)}` })),
            })),
          }),
        ),
      () => question(pod({ overhead: { cpu: '9'.repeat(count) } })),
      () => question(pod({ affinity: { later: deep } })),
      () =>
        question(
          pod({
            topologySpreadConstraints: [
              { later: deep, topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' },
            ],
          }),
        ),
      () =>
        withSelector(
          JSON.stringify({
            nodeSelector: Object.fromEntries(
              many(count, (index) => [`k${index}`, 'a']) as [string, string][],
            ),
          }),
        ),
      () =>
        withSelector(
          JSON.stringify({
            affinity: {
              nodeAffinity: {
                [required]: {
                  nodeSelectorTerms: many(count, (index) => ({
                    matchExpressions: [{ key: `k${index}`, operator: 'NotIn', values: ['a'] }],
                  })),
                },
              },
            },
          }),
        ),
    )
    .map((make) => stringifyDeep(make(), count)),
);
