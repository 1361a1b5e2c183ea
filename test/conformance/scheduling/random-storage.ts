import fc from 'fast-check';

/** A claim that exists, what became of it, and which pods below may use it. */
export type ClaimDraw =
  | {
      readonly kind: 'bound';
      readonly zones: string | undefined;
      /** On which nodes the volume can be reached, by zone. */
      readonly reach: string | undefined;
      readonly isCsi: boolean;
      readonly isExclusive: boolean;
    }
  | { readonly kind: 'waiting'; readonly storageClass: (typeof storageClasses)[number] };

/** Classes that wait for the first consumer, as {@link classManifests} makes them. */
const storageClasses = ['anywhere', 'in-zones', 'local', 'limited'] as const;

const wait = { volumeBindingMode: 'WaitForFirstConsumer' };
const zone = 'topology.kubernetes.io/zone';

/** The storage classes of the test. */
export const classManifests: readonly object[] = [
  { metadata: { name: 'anywhere' }, provisioner: 'example.com/none', ...wait },
  {
    metadata: { name: 'in-zones' },
    provisioner: 'example.com/none',
    allowedTopologies: [
      {
        matchLabelExpressions: [
          { key: zone, values: ['z1'] },
          { key: 'disk', values: ['ssd', 'hdd'] },
        ],
      },
      { matchLabelExpressions: [{ key: zone, values: ['z2'] }] },
    ],
    ...wait,
  },
  { metadata: { name: 'local' }, provisioner: 'kubernetes.io/no-provisioner', ...wait },
  { metadata: { name: 'limited' }, provisioner: 'csi.example.com', ...wait },
  { metadata: { name: 'at-once' }, provisioner: 'example.com/none', volumeBindingMode: 'Immediate' },
];

const bound = fc.record({
  kind: fc.constant('bound' as const),
  zones: fc.option(fc.constantFrom('z1', 'z2', 'z1__z2'), { nil: undefined }),
  reach: fc.option(fc.constantFrom('z1', 'z2'), { nil: undefined }),
  isCsi: fc.boolean(),
  isExclusive: fc.boolean(),
});

const waiting = fc.record({
  kind: fc.constant('waiting' as const),
  storageClass: fc.constantFrom(...storageClasses),
});

export const claimDraw: fc.Arbitrary<ClaimDraw> = fc.oneof(bound, waiting);

/** Volumes of class `local`: where they are and how large. */
export const localVolumeDraw = fc.record({
  node: fc.nat({ max: 9 }),
  size: fc.constantFrom('1Gi', '5Gi'),
});
