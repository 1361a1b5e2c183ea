import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pod } from '../kube/types.ts';
import { changesOf } from './pod-changes.ts';
import { podDown } from './pod-down.ts';
import { options as defaults, frozen, owner, raw, upperPod } from './test-objects.ts';

const options: typeof defaults = {
  ...defaults,
  serviceAccounts: 'none',
  ignoreLabels: new Set(['stays-above']),
};

/** The one patch of the pod itself; nothing here concerns a subresource (see pod-changes-order.test.ts). */
function changes(upper: Pod, lower: Pod): PodPatch | undefined {
  const patches = changesOf(upper, lower, owner, options);
  expect(patches.length).toBeLessThan(2);
  expect(patches[0]?.subresource).toBeUndefined();
  return patches[0]?.patch as PodPatch | undefined;
}

interface PodPatch {
  metadata?: { labels?: Changes; annotations?: Changes };
  spec?: { [list in 'containers' | 'initContainers']?: { name: string }[] };
}
type Changes = Record<string, string | null>;

type Parts = Parameters<typeof upperPod>[0];

/** A lower pod as it was made for an upper one, with what happened to it below since. */
function below(upper: Pod, { metadata, spec }: NonNullable<Parts> = {}): Pod {
  const made = podDown(upper, owner, options);
  return raw({
    metadata: { ...made.metadata, uid: 'lower-uid', ...metadata },
    spec: { ...made.spec, ...spec },
  });
}

/** What the patch of a pod with `before` asks for, once it reads `after`. Our own annotations are left out. */
function edit(before: Parts, after: Parts, belowSince: Parts = {}): unknown {
  const patch = changes(upperPod(after), below(upperPod(before), belowSince));
  if (!patch) return undefined;
  const { labels, annotations = {} } = patch.metadata ?? {};
  const others = Object.entries(annotations).filter(([key]) => !key.startsWith('isthmus.io/'));
  return {
    ...(labels ? { labels } : {}),
    ...(others.length > 0 ? { annotations: Object.fromEntries(others) } : {}),
    ...(patch.spec ? { spec: patch.spec } : {}),
  };
}

const images = (...pairs: [string, string][]) => pairs.map(([name, image]) => ({ name, image }));

describe('nothing changes', () => {
  test.each<[string, Parts, Parts]>([
    ['right after it was made', {}, {}],
    ['when the upper status changes', { status: { phase: 'Running' } }, {}],
    [
      'when our own note is written above',
      { metadata: { annotations: { 'isthmus.io/lower-pod': 'x/y' } } },
      {},
    ],
    [
      'when a label that stays above is there all along',
      { metadata: { labels: { 'stays-above': 'x' } } },
      {},
    ],
    ['with null maps', { metadata: { labels: null, annotations: null }, spec: { initContainers: null } }, {}],
    ['without a generation, from an old API server', { metadata: { generation: undefined } }, {}],
    ['with a null deadline', { spec: { activeDeadlineSeconds: null } }, {}],
    [
      'when something below shortens the deadline',
      { spec: { activeDeadlineSeconds: 60 } },
      { spec: { activeDeadlineSeconds: 5 } },
    ],
    [
      'when a webhook below rewrote the image',
      { spec: { containers: images(['main', 'nginx:1']) } },
      { spec: { containers: images(['main', 'mirror.local/nginx:1'], ['injected', 'proxy:2']) } },
    ],
  ])('%s', (_, upper, since) => {
    expect(changes(upperPod(upper), below(upperPod(upper), since))).toBeUndefined();
  });

  test('when somebody below adds labels and annotations', () => {
    const lower = below(upperPod());
    const metadata = {
      labels: { ...lower.metadata?.labels, theirs: 'x' },
      annotations: { ...lower.metadata?.annotations, theirs: 'y' },
    };
    expect(changes(upperPod(), below(upperPod(), { metadata }))).toBeUndefined();
  });
});

describe('labels and annotations', () => {
  test.each<[string, object, object, unknown]>([
    ['a label more', {}, { labels: { a: '1', 'virtual-pod': 'true' } }, { labels: { a: '1', app: null } }],
    ['another value', { labels: { a: '1' } }, { labels: { a: '2' } }, { labels: { a: '2' } }],
    ['a label less', { labels: { a: '1', b: '2' } }, { labels: { b: '2' } }, { labels: { a: null } }],
    ['all labels less', { labels: { a: '1' } }, { labels: null }, { labels: { a: null } }],
    ['an annotation more', {}, { annotations: { a: '1' } }, { annotations: { a: '1' } }],
    ['an annotation less', { annotations: { a: '1' } }, {}, { annotations: { a: null } }],
    [
      'names that every object has',
      { labels: { constructor: 'x' } },
      { labels: {} },
      { labels: { constructor: null } },
    ],
    [
      'names that every object has, new',
      { labels: {} },
      { labels: { toString: 'x' } },
      { labels: { toString: 'x' } },
    ],
    ['our mark stays when the upper pod loses it', { labels: { 'virtual-pod': 'true' } }, { labels: {} }, {}],
    [
      'a label that stays above is remembered',
      {},
      { labels: { app: 'web', 'stays-above': 'x' } },
      { annotations: { 'tripped-labels': '{"stays-above":"x"}' } },
    ],
    [
      'and forgotten',
      { labels: { 'stays-above': 'x' } },
      { labels: {} },
      { annotations: { 'tripped-labels': null } },
    ],
    ['annotations of ours do not go down', {}, { annotations: { 'isthmus.io/lower-pod': 'x' } }, undefined],
  ])('%s', (_, before, after, expected) => {
    expect(edit({ metadata: before }, { metadata: after })).toEqual(expected);
  });

  test('what came from above and was changed below comes back; what was added below stays', () => {
    const lower = below(upperPod());
    const labels = { ...lower.metadata?.labels, app: 'hijacked', theirs: 'x', 'virtual-pod': 'false' };
    const since = { metadata: { labels } };
    expect(edit({}, {}, since)).toEqual({ labels: { app: 'web', 'virtual-pod': 'true' } });
    expect(edit({}, { metadata: { labels: {} } }, since)).toEqual({
      labels: { app: null, 'virtual-pod': 'true' },
    });
  });

  test.each(['nonsense', '[]', 'null', '5', '{"labels":"app","annotations":[1,null]}'])(
    'a damaged memory (%s) takes nothing away and is written anew',
    (damaged) => {
      const lower = below(upperPod());
      const annotations = { ...lower.metadata?.annotations, 'isthmus.io/carried-names': damaged };
      const patch = changes(
        upperPod({ metadata: { labels: {} } }),
        below(upperPod(), { metadata: { annotations } }),
      );
      expect(patch?.metadata?.labels).toBeUndefined();
      expect(patch?.metadata?.annotations).toHaveProperty(
        ['isthmus.io/carried-names'],
        '{"labels":[],"annotations":[]}',
      );
    },
  );
});

describe('spec', () => {
  const two = { containers: images(['a', 'a:1'], ['b', 'b:1']), initContainers: images(['i', 'i:1']) };

  test.each<[string, object, object, unknown, object?]>([
    [
      'an image',
      two,
      { ...two, containers: images(['a', 'a:2'], ['b', 'b:1']) },
      { containers: images(['a', 'a:2']) },
    ],
    [
      'an init image',
      two,
      { ...two, initContainers: images(['i', 'i:2']) },
      { initContainers: images(['i', 'i:2']) },
    ],
    [
      'the image that changed, not the one that was rewritten below',
      two,
      { ...two, containers: images(['a', 'a:2'], ['b', 'b:1']) },
      { containers: images(['a', 'a:2']) },
      { containers: images(['a', 'mirror/a:1'], ['b', 'mirror/b:1']) },
    ],
    [
      'an image that is there below already',
      two,
      { ...two, containers: images(['a', 'a:2']) },
      undefined,
      { containers: images(['a', 'a:2']) },
    ],
    [
      'an image of a container that is not below',
      two,
      { ...two, containers: images(['x', 'x:1']) },
      undefined,
    ],
    ['a first deadline', {}, { activeDeadlineSeconds: 60 }, { activeDeadlineSeconds: 60 }],
    [
      'a deadline of zero',
      { activeDeadlineSeconds: 60 },
      { activeDeadlineSeconds: 0 },
      { activeDeadlineSeconds: 0 },
    ],
    [
      'a deadline that is there below already',
      { activeDeadlineSeconds: 60 },
      { activeDeadlineSeconds: 5 },
      undefined,
      { activeDeadlineSeconds: 5 },
    ],
    ['a field that cannot be edited', {}, { terminationGracePeriodSeconds: 5 }, undefined],
  ])('%s', (_, before, after, expected, since) => {
    const found = edit({ spec: before }, { spec: after, metadata: { generation: 4 } }, { spec: since ?? {} });
    expect(found).toEqual(expected === undefined ? {} : { spec: expected });
  });

  test.each([
    undefined,
    'nonsense',
    '[]',
    '{"images":["a"],"activeDeadlineSeconds":"x"}',
    '{"images":{"main":5}}',
  ])('with a memory of %s the lower pod is what counts', (memory) => {
    const annotations = { ...below(upperPod()).metadata?.annotations, 'isthmus.io/carried-spec': memory };
    const lower = below(upperPod(), {
      metadata: { annotations },
      spec: { containers: images(['main', 'old']) },
    });
    expect(changes(upperPod(), lower)?.spec).toEqual({ containers: images(['main', 'nginx:1']) });
  });

  test('the lower pod remembers the upper generation', () => {
    const { metadata } = changes(upperPod({ metadata: { generation: 4 } }), below(upperPod())) ?? {};
    expect(metadata).toEqual({ annotations: { 'isthmus.io/upper-generation': '4' } });
  });

  test.each([
    ['no spec', raw<Pod>({ metadata: { name: 'a' } })],
    ['nothing', raw<Pod>({})],
  ])('a lower pod with %s is only marked', (_, lower) => {
    expect(changes(upperPod(), lower)?.spec).toBeUndefined();
  });
});

test('after any edit, one patch brings the pods in step', () => {
  const text = fc.constantFrom('a', 'b', 'constructor', 'stays-above', 'virtual-pod', 'isthmus.io/x');
  const map = fc.dictionary(text, text, { maxKeys: 4 });
  const containers = (name: string) => fc.constantFrom('x:1', 'x:2').map((image) => images([name, image]));
  const pod = fc.record({
    metadata: fc.record({ labels: map, annotations: map, generation: fc.integer({ min: 1, max: 3 }) }),
    spec: fc.record({ containers: containers('a'), initContainers: containers('i') }),
  });
  fc.assert(
    fc.property(pod, pod, map, (before, after, theirs) => {
      const made = below(upperPod(before));
      const labels = { ...theirs, ...made.metadata?.labels };
      const lower = below(upperPod(before), { metadata: { labels } });
      const patch = changes(upperPod(after), lower);
      const patched = patch ? applied(lower, patch) : lower;
      expect(changes(upperPod(after), patched)).toBeUndefined();
      expect(patched.metadata?.labels).toMatchObject(
        podDown(upperPod(after), owner, options).metadata?.labels ?? {},
      );
      expect(patched.spec?.containers).toEqual(after.spec.containers);
      const wanted = new Set([...Object.keys(before.metadata.labels), ...Object.keys(after.metadata.labels)]);
      for (const key of Object.keys(theirs))
        if (!wanted.has(key)) expect(patched.metadata?.labels).toHaveProperty([key]);
    }),
  );
});

/** As the API server merges it: maps by key, containers by name. */
function applied(lower: Pod, { metadata, spec }: PodPatch): Pod {
  const merged = (have: object = {}, change: Record<string, string | null> = {}) =>
    Object.fromEntries(Object.entries({ ...have, ...change }).filter(([, value]) => value !== null));
  const containers = (key: 'containers' | 'initContainers') =>
    lower.spec?.[key]?.map((container) => ({
      ...container,
      ...spec?.[key]?.find(({ name }) => name === container.name),
    }));
  return frozen({
    metadata: {
      ...lower.metadata,
      labels: merged(lower.metadata?.labels, metadata?.labels),
      annotations: merged(lower.metadata?.annotations, metadata?.annotations),
    },
    spec: {
      ...lower.spec,
      containers: containers('containers'),
      initContainers: containers('initContainers'),
    },
  }) as Pod;
}
