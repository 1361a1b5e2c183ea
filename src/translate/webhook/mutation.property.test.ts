import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Pod, PodSpec, Toleration } from '../../kube/types.ts';
import { clusterSelectorOf } from '../cluster-selector.ts';
import { podDown } from '../pod-down.ts';
import { options, owner } from '../test-objects.ts';
import { podPatch } from './json-patch.ts';
import { mutatePod } from './mutate-pod.ts';
import { applyPatch, context, newPod } from './test-context.ts';
import type { Requirement, Term } from './whose-node.ts';

/** Few keys and values, so that they meet. */
const values = ['a', 'b', 'virtual-kubelet', 'vk-a', 'vk-b', 'n-a', 'n-b'];
const keys = [
  'clusterID',
  'isthmus.io/x',
  'type',
  'kubernetes.io/hostname',
  'disk',
  'gpu',
  '__proto__',
  'a/~b',
];
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const value = fc.constantFrom(...values);
const requirement = (key: fc.Arbitrary<string>): fc.Arbitrary<Requirement> =>
  fc.oneof(
    fc.record({
      key,
      operator: fc.constantFrom('In', 'NotIn'),
      values: fc.uniqueArray(value, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  );
const term = fc.record(
  {
    matchExpressions: fc.array(requirement(fc.constantFrom(...keys)), { maxLength: 3 }),
    matchFields: fc.array(requirement(fc.constant('metadata.name')), { maxLength: 1 }),
  },
  { requiredKeys: [] },
);
const toleration = fc.record(
  {
    key: fc.constantFrom(
      'node.kubernetes.io/not-ready',
      'node.kubernetes.io/unreachable',
      'gpu',
      context.taintKey,
    ),
    operator: fc.constantFrom('Exists', 'Equal'),
    effect: fc.constantFrom('NoSchedule', 'NoExecute'),
    tolerationSeconds: fc.constantFrom(0, 300),
  },
  { requiredKeys: ['operator'] },
);
const affinity = fc.record(
  {
    podAffinity: fc.constant({ later: 1 }),
    nodeAffinity: fc.record(
      {
        preferredDuringSchedulingIgnoredDuringExecution: fc.constant([]),
        requiredDuringSchedulingIgnoredDuringExecution: fc.record({
          nodeSelectorTerms: fc.array(term, { minLength: 1, maxLength: 3 }),
        }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);
const selection = fc.record(
  {
    nodeSelector: fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 4 }),
    affinity,
    tolerations: fc.array(toleration, { maxLength: 4 }),
  },
  { requiredKeys: [] },
);
const more = fc.record(
  {
    nodeName: fc.constant('vk-a'),
    volumes: fc.array(
      fc.record({
        name: fc.constant('v'),
        persistentVolumeClaim: fc.record({ claimName: fc.constantFrom('data', 'gone', 'new') }),
      }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);
const annotations = optional(
  fc.record(
    {
      clusterSelector: fc.oneof(
        selection.map((one) => JSON.stringify(one)),
        fc.constantFrom('', 'null', '{', '[]'),
      ),
      'isthmus.io/webhook': fc.constantFrom('done', 'true', ''),
      constructor: fc.constant('text'),
    },
    { requiredKeys: [] },
  ),
);
/** As it comes over the wire: undefined is not there, and `__proto__` a key like any other. */
const wire = <T>(object: T): T => JSON.parse(JSON.stringify(object));
const podOf = (spec: object, notes?: object) => newPod(wire(spec), notes && wire(notes));

test('a second pass changes nothing, whatever the pod and its annotations', () => {
  fc.assert(
    fc.property(selection, more, annotations, (selected, rest, notes) => {
      const pod = podOf({ ...selected, ...rest }, notes);
      const once = mutatePod(pod, context);
      if ('refusal' in once) return;
      const twice = mutatePod(once.pod, context);
      expect('pod' in twice && podPatch(once.pod, twice.pod)).toEqual([]);
    }),
    { numRuns: 3_000 },
  );
});

test('the patch makes the pod that was meant, and touches nothing else', () => {
  fc.assert(
    fc.property(selection, more, annotations, (selected, rest, notes) => {
      const pod = podOf({ ...selected, ...rest }, notes);
      const once = mutatePod(pod, context);
      if ('refusal' in once) return;
      const patched = applyPatch(pod, wire(podPatch(pod, once.pod)));
      expect(JSON.stringify(sorted(patched))).toBe(JSON.stringify(sorted(once.pod)));
    }),
    { numRuns: 1_000 },
  );
});

interface Place {
  name: string;
  labels: Record<string, string>;
}
const place = (names: string[]) =>
  fc.record({
    name: fc.constantFrom(...names),
    labels: fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 5 }),
  });
const virtualNode = place(['vk-a', 'vk-b']).map((node) => named(node, { type: 'virtual-kubelet' }));
const lowerNode = place(['n-a', 'n-b']).map((node) => named(node, {}));
const named = ({ name, labels }: Place, more: object): Place => ({
  name,
  labels: { ...labels, ...more, 'kubernetes.io/hostname': name },
});

test('on each virtual node and each node below it, a pod fits after it was carried exactly where it fitted before', () => {
  let compared = 0;
  fc.assert(
    fc.property(selection, virtualNode, lowerNode, (selected, upper, lower) => {
      const pod = podOf(selected);
      const once = mutatePod(pod, context);
      if ('refusal' in once) return;
      compared += 1;
      const below = podDown(bound(once.pod, upper.name), owner, options).spec;
      const fits = asks(once.pod.spec, (one) => holds(one, upper)) && asks(below, (one) => holds(one, lower));
      expect(fits).toBe(asks(pod.spec, (one) => holdsOnPair(one, upper, lower)));
      const tolerations = (pod.spec?.tolerations ?? []).filter(({ key }) => key !== context.taintKey);
      expect(texts(below?.tolerations)).toEqual(texts(tolerations));
    }),
    { numRuns: 5_000 },
  );
  expect(compared).toBeGreaterThan(2_000);
});

test('what the user asked of lower nodes by his own annotation is asked of them', () => {
  fc.assert(
    fc.property(selection, selection, (selected, own) => {
      const pod = podOf(selected, { clusterSelector: JSON.stringify(own) });
      const once = mutatePod(pod, context);
      if ('refusal' in once) throw new Error(once.refusal);
      const down = (one: Pod) => podDown(bound(one, 'vk-a'), owner, options).spec;
      expect(down(once.pod)).toEqual(down(pod));
      expect(clusterSelectorOf(once.pod)).toEqual(clusterSelectorOf(pod));
    }),
    { numRuns: 500 },
  );
});

const bound = (pod: Pod, nodeName: string) => ({ ...pod, spec: { ...pod.spec, nodeName } }) as Pod;
const texts = (tolerations: readonly Toleration[] = []) =>
  [...new Set(tolerations.map((one) => JSON.stringify(sorted(one))))].sort();

function asks(spec: PodSpec | undefined, isMet: (requirement: Requirement) => boolean): boolean {
  const terms =
    spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const labels = Object.entries(spec?.nodeSelector ?? {});
  return (
    labels.every(([key, one]) => isMet({ key, operator: 'In', values: [one] })) &&
    (!terms || terms.some((one) => isTermMet(one, isMet)))
  );
}

function isTermMet({ matchExpressions, matchFields }: Term, isMet: (requirement: Requirement) => boolean) {
  const all: Requirement[] = [...(matchExpressions ?? []), ...(matchFields ?? [])];
  return all.length > 0 && all.every(isMet);
}

/** As kube-scheduler has it (component-helpers/scheduling/corev1/nodeaffinity). */
function holds({ key, operator, values: wanted }: Requirement, { name, labels }: Place): boolean {
  const have = key === 'metadata.name' ? name : Object.hasOwn(labels, key) ? labels[key] : undefined;
  if (operator === 'Exists') return have !== undefined;
  if (operator === 'DoesNotExist') return have === undefined;
  const isIn = have !== undefined && (wanted ?? []).includes(have);
  return operator === 'In' ? isIn : !isIn;
}

/** What a person means who sees both kinds of nodes: keys of virtual nodes, names of virtual nodes, the rest below. */
function holdsOnPair(one: Requirement, upper: Place, lower: Place): boolean {
  if (one.key === 'clusterID' || one.key.startsWith('isthmus.io/')) return holds(one, upper);
  const isVirtual = (name: string) =>
    one.key === 'type'
      ? name === 'virtual-kubelet'
      : one.key !== 'disk' && one.key !== 'gpu' && /^vk-/.test(name);
  const byValue = ['type', 'kubernetes.io/hostname', 'metadata.name'].includes(one.key);
  const virtual = byValue ? (one.values ?? []).filter(isVirtual) : [];
  const others = (one.values ?? []).filter((name) => !virtual.includes(name));
  if (virtual.length === 0) return holds(one, lower);
  if (others.length === 0) return holds(one, upper);
  return holds({ ...one, values: virtual }, upper) && holds({ ...one, values: others }, lower);
}

function sorted(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(sorted);
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(
    Object.entries(part)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
