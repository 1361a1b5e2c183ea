import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Node, Pod } from '../kube/types.ts';
import { explain, fits } from './fit.ts';
import { Picture } from './picture.ts';
import { asking, node, pictureOf, pod, podOn } from './test-pictures.ts';

const zone = 'topology.kubernetes.io/zone';
const names = ['a', 'b', 'c'] as const;
const app = fc.constantFrom('web', 'db');
const apart = (labels: object) => ({
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: zone, labelSelector: { matchLabels: labels } },
      ],
    },
  },
});

const anyNode: fc.Arbitrary<Node> = fc
  .record({
    name: fc.constantFrom(...names),
    zone: fc.constantFrom('x', 'y'),
    cpu: fc.constantFrom('1', '3'),
    tainted: fc.boolean(),
  })
  .map(({ name, cpu, tainted, ...labels }) =>
    node(name, {
      labels: { [zone]: labels.zone },
      allocatable: { cpu },
      ...(tainted && { taints: [{ key: 'k', effect: 'NoSchedule' }] }),
    }),
  );
const anyPod: fc.Arbitrary<Pod> = fc
  .record({
    name: fc.constantFrom('p', 'q', 'r'),
    on: fc.constantFrom(...names),
    cpu: fc.constantFrom('0', '1'),
    app,
    choosy: fc.boolean(),
    going: fc.boolean(),
  })
  .map(({ name, on, cpu, app: value, choosy, going }) => {
    const spec = { ...asking({ cpu }), ...(choosy && apart({ app: value })) };
    return podOn(on, name, spec, { app: value }, going ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {});
  });
type Change =
  | { readonly node: Node }
  | { readonly pod: Pod }
  | { readonly goneNode: string }
  | { readonly gonePod: string };
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  anyNode.map((each) => ({ node: each })),
  anyPod.map((each) => ({ pod: each })),
  fc.constantFrom(...names).map((each) => ({ goneNode: each })),
  fc.constantFrom('p', 'q', 'r').map((each) => ({ gonePod: `default/${each}` })),
);

const spread = (topologyKey: string, labels: object) => ({
  topologySpreadConstraints: [
    { topologyKey, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: labels } },
  ],
});
const questions = [
  pod('ask-1', asking({ cpu: '2' })),
  pod('ask-2', asking({ cpu: '1' }), { app: 'web' }),
  pod('ask-3', apart({ app: 'db' }), { app: 'db' }),
  pod('ask-4', spread(zone, { app: 'web' }), { app: 'web' }),
  pod('ask-5', spread('kubernetes.io/hostname', { app: 'db' }), { app: 'db' }),
  pod('p', { ...asking({ cpu: '1' }), tolerations: [{ operator: 'Exists' }] }, { app: 'web' }),
];

/** Promises come and go between the changes and must leave nothing behind. */
function feed(picture: Picture, changes: readonly Change[]): void {
  for (const [index, change] of changes.entries()) {
    picture.hold(`default/held-${index}`, pod(`held-${index}`, asking({ cpu: '1' }), { app: 'web' }));
    if ('node' in change) picture.applyNode(change.node);
    else if ('pod' in change) picture.applyPod(change.pod);
    else if ('goneNode' in change) picture.removeNode(change.goneNode);
    else picture.removePod(change.gonePod);
    picture.release(`default/held-${index}`);
  }
}

test('a picture that followed changes is the one that is made of what is left', () => {
  fc.assert(
    fc.property(fc.array(anyChange, { maxLength: 40 }), (changes) => {
      const picture = new Picture();
      feed(picture, changes);
      const nodes = new Map<string, Node>();
      const pods = new Map<string, Pod>();
      for (const change of changes) {
        if ('node' in change) nodes.set(change.node.metadata?.name ?? '', change.node);
        else if ('pod' in change) pods.set(`default/${change.pod.metadata?.name}`, change.pod);
        else if ('goneNode' in change) nodes.delete(change.goneNode);
        else pods.delete(change.gonePod);
      }
      const fresh = pictureOf([...nodes.values()], [...pods.values()]);
      for (const wanted of questions) {
        expect(explain(picture, wanted)).toEqual(explain(fresh, wanted));
        expect(fits(picture, wanted)).toBe(explain(fresh, wanted).feasible > 0);
      }
    }),
    { numRuns: 500 },
  );
});
