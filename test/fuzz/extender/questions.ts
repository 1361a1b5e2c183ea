import fc from 'fast-check';
import { hostileTexts, hostileValue } from '../parts/hostile-values.ts';
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
/** The same of a pod with this annotation. */
export const withSelector = (clusterSelector: string) =>
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
