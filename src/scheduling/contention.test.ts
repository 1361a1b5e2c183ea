import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Node, Pod } from '../kube/types.ts';
import { candidate, feasibleSlots } from './feasibility.ts';
import { certainty, explain, fits } from './fit.ts';
import type { Picture } from './picture.ts';
import { factsOf } from './pod-facts.ts';
import { asking, node, pictureOf, pod } from './test-pictures.ts';

const zone = 'topology.kubernetes.io/zone';
const hostname = 'kubernetes.io/hostname';
const app = (value: string) => ({ labelSelector: { matchLabels: { app: value } } });
const required = (topologyKey: string, value: string) => ({
  requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, ...app(value) }],
});
const apps = fc.constantFrom('web', 'db');

const anyNodes: fc.Arbitrary<Node[]> = fc
  .array(
    fc.record({
      cpu: fc.constantFrom('2', '3', '4'),
      zone: fc.constantFrom('x', 'y'),
      ssd: fc.boolean(),
      tainted: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((all) =>
    all.map(({ cpu, ssd, tainted, ...at }, index) =>
      node(`n${index}`, {
        labels: { [zone]: at.zone, ...(ssd && { disk: 'ssd' }) },
        allocatable: { cpu, memory: '4Gi', pods: '3' },
        ...(tainted && { taints: [{ key: 'k', effect: 'NoSchedule' }] }),
      }),
    ),
  );

const anyPod = (name: string): fc.Arbitrary<Pod> =>
  fc
    .record({
      app: apps,
      cpu: fc.constantFrom('500m', '1', '2', '3'),
      memory: fc.constantFrom('1Gi', '3Gi'),
      kind: fc.constantFrom(
        'plain',
        'plain',
        'plain',
        'ssd',
        'port',
        'apart',
        'apart in zones',
        'spread',
        'together',
      ),
      tolerant: fc.boolean(),
    })
    .map(({ app: value, kind, tolerant, ...requests }) => {
      const [container] = (asking(requests) as { containers: object[] }).containers;
      const ports = kind === 'port' ? { ports: [{ containerPort: 80, hostPort: 80 }] } : {};
      const constraint = { topologyKey: zone, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', ...app(value) };
      return pod(
        name,
        {
          containers: [{ ...container, ...ports }],
          ...(tolerant && { tolerations: [{ operator: 'Exists' }] }),
          ...(kind === 'ssd' && { nodeSelector: { disk: 'ssd' } }),
          ...(kind === 'apart' && { affinity: { podAntiAffinity: required(hostname, value) } }),
          ...(kind === 'apart in zones' && { affinity: { podAntiAffinity: required(zone, value) } }),
          ...(kind === 'together' && { affinity: { podAffinity: required(zone, 'web') } }),
          ...(kind === 'spread' && { topologySpreadConstraints: [constraint] }),
        },
        { app: value },
      );
    });

type Step = { readonly ask: number } | { readonly place: number; readonly on: number };
const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.nat().map((ask) => ({ ask })) },
    { weight: 2, arbitrary: fc.tuple(fc.nat(), fc.nat()).map(([place, on]) => ({ place, on })) },
  ),
  { minLength: 5, maxLength: 60 },
);

/** The nodes that really can take a pod. */
function open(picture: Picture, wanted: Pod): string[] {
  const facts = candidate(factsOf(wanted));
  return picture.asked(facts.key, (state) =>
    [...feasibleSlots(state, facts)].map((slot) => state.nodes.nameOf(slot) ?? ''),
  );
}

test('whoever was certain of a place finds one, whichever of them are placed first, and wherever', () => {
  // Replicas of a few.
  const pods = fc.array(anyPod('template'), { minLength: 3, maxLength: 12 }).map((templates) =>
    Array.from({ length: 12 }, (_, index): Pod => {
      const template = templates[index % templates.length] as Pod;
      return { ...template, metadata: { ...template.metadata, name: `p${index}` } };
    }),
  );
  let followed = 0;
  fc.assert(
    fc.property(anyNodes, pods, anySteps, (nodes, wanted, steps) => {
      const picture = pictureOf(nodes);
      const coming = new Map<string, Pod>();
      const asked = new Set<Pod>();
      const place = (index: number, on: number) => {
        const [key, next] = [...coming][index % coming.size] ?? [];
        if (!key || !next) return;
        const places = open(picture, next);
        expect(places, `${key} of ${[...coming.keys()]}`).not.toEqual([]);
        coming.delete(key);
        picture.applyPod({
          ...next,
          spec: { containers: [], ...next.spec, nodeName: places[on % places.length] },
        } as Pod);
      };
      for (const step of steps) {
        if ('place' in step) {
          place(step.place, step.on);
          continue;
        }
        const next = wanted[step.ask % wanted.length];
        if (!next || asked.has(next)) continue;
        // Nothing is only contested while nobody comes.
        if (coming.size === 0) expect(fits(picture, next)).toBe(explain(picture, next).feasible > 0);
        if (!fits(picture, next)) continue;
        if (coming.size > 0) followed += 1;
        asked.add(next);
        coming.set(`default/${next.metadata?.name}`, next);
        picture.hold(`default/${next.metadata?.name}`, next);
      }
      while (coming.size > 0) place(steps.length, steps.length);
    }),
    { numRuns: 1_000 },
  );
  // Or it would be certain of nothing.
  expect(followed).toBeGreaterThan(200);
}, 60_000);

describe('pods follow each other', () => {
  const many = (count: number, cpu: string) =>
    pictureOf(
      Array.from({ length: count }, (_, index) => node(`n${index}`, { allocatable: { cpu, pods: '110' } })),
    );
  const burst = (picture: Picture, cpu: string, count: number): number => {
    let passed = 0;
    for (let index = 0; index < count; index += 1) {
      const next = pod(`b${index}`, asking({ cpu }));
      if (!fits(picture, next)) continue;
      passed += 1;
      picture.hold(`default/b${index}`, next);
    }
    return passed;
  };

  test('as many as there are nodes, when each needs a whole one', () => {
    expect(burst(many(5, '4'), '3', 10)).toBe(5);
  });

  test('nearly all that there is room for, when they are small', () => {
    expect(burst(many(3, '32'), '1', 200)).toBeGreaterThan(85);
    expect(burst(many(3, '32'), '1', 200)).toBeLessThanOrEqual(96);
  });

  test('but not of more than a few hundred kinds at once', () => {
    const picture = many(20, '320');
    for (let index = 0; index < 300; index += 1) {
      const next = pod(`b${index}`, asking({ cpu: `${100 + index}m` }));
      if (fits(picture, next)) picture.hold(`default/b${index}`, next);
    }
    expect(picture.held()).toHaveLength(256);
  });

  test('those of other nodes are in nobody’s way', () => {
    const picture = pictureOf(['a', 'b'].map((name) => node(name)));
    const on = (name: string, where: string) =>
      pod(name, { ...asking({ cpu: '4' }), nodeSelector: { [hostname]: where } });
    picture.hold('default/x', on('x', 'a'));
    expect(certainty(picture, on('y', 'b'))).toBe('certain');
    expect(certainty(picture, on('y', 'a'))).toBe('contested');
    picture.applyNode(node('b', { labels: { [hostname]: 'a' } }));
    expect(certainty(picture, on('z', 'a'))).toBe('certain');
  });
});

test('many kinds on their way, as after a restart, are looked at in parts, and then a pod is sure', () => {
  const picture = pictureOf(
    Array.from({ length: 20 }, (_, index) => node(`n${index}`, { allocatable: { cpu: '64', pods: '110' } })),
  );
  for (let kind = 0; kind < 200; kind += 1)
    picture.hold(`default/k${kind}`, pod(`k${kind}`, asking({ cpu: `${100 + kind}m` })));
  const answers = Array.from({ length: 12 }, (_, index) =>
    certainty(picture, pod(`p${index}`, asking({ cpu: `${index + 1}m` }))),
  );
  expect(answers[0]).toBe('contested');
  expect(answers.at(-1)).toBe('certain');
});

test('a pod that no node has the room or the labels for waits for nobody who is on the way', () => {
  const constraint = {
    topologyKey: zone,
    maxSkew: 1,
    whenUnsatisfiable: 'DoNotSchedule',
    ...app('web'),
  };
  const spread = { topologySpreadConstraints: [constraint] };
  const picture = pictureOf([node('n0', { labels: { [zone]: 'x' } })]);
  picture.hold('default/coming', pod('coming', spread, { app: 'web' }));
  const asked = (spec: object) => certainty(picture, pod('asks', { ...spread, ...spec }, { app: 'web' }));
  expect(asked({})).toBe('contested');
  expect(asked({ nodeSelector: { disk: 'ssd' } })).toBe('none');
  expect(asked(asking({ cpu: '5' }))).toBe('none');
});
