import fc from 'fast-check';

/** A node to be; its name is its place in the case. */
export interface NodeDraw {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly unschedulable: boolean;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly attachLimit: number | undefined;
}

/** Labels of nodes that pods ask for; few, so that they meet. */
export const nodeLabels: Readonly<Record<string, readonly string[]>> = {
  'topology.kubernetes.io/zone': ['z1', 'z2', 'z3'],
  'topology.kubernetes.io/region': ['r1', 'r2'],
  disk: ['ssd', 'hdd'],
  generation: ['1', '5', '10', '007', 'new', '0x5'],
};

export const taintKeys = ['dedicated', 'spot'] as const;

const taint = fc.record(
  {
    key: fc.constantFrom(...taintKeys),
    value: fc.constantFrom('a', 'b'),
    effect: fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule'),
  },
  { requiredKeys: ['key', 'effect'] },
);

/** Picks each label with a value in most cases. */
function someLabels(
  labels: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<Record<string, string>> {
  const picks = Object.entries(labels).map(([key, values]) =>
    fc.option(fc.constantFrom(...values), { freq: 5, nil: undefined }).map((value) => [key, value] as const),
  );
  return fc
    .tuple(...picks)
    .map((pairs) =>
      Object.fromEntries(pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined)),
    );
}

export const nodeDraw: fc.Arbitrary<NodeDraw> = fc.record({
  labels: someLabels(nodeLabels),
  taints: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.uniqueArray(taint, { maxLength: 2, selector: ({ key, effect }) => key + effect }),
    },
  ),
  unschedulable: fc.oneof(
    { weight: 9, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  allocatable: fc
    .record({
      cpu: fc.constantFrom('1', '4', '8', '8'),
      memory: fc.constantFrom('2Gi', '4000M', '16Gi', '16Gi'),
      pods: fc.constantFrom('4', '110', '110'),
      'ephemeral-storage': fc.constantFrom('1Gi', '20Gi', '20Gi'),
      'example.com/gpu': fc.constantFrom('0', '1', '2'),
      'hugepages-2Mi': fc.constantFrom('0', '4Mi'),
    })
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, amount]) => amount !== '0'))),
  attachLimit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
});
