import fc from 'fast-check';

/** Where an action happens: one of the two namespaces, and one of the few names in it. */
interface Place {
  readonly space: 0 | 1;
  readonly name: 0 | 1 | 2;
}

type Kind = 'ConfigMap' | 'Secret';
type Grace = 'own' | 1 | 0;

/** What a pod of the sequence is like; a dependency is the number in its name. */
export interface Shape {
  readonly isVirtual: boolean;
  readonly config: 0 | 1 | undefined;
  readonly secret: 0 | 1 | undefined;
  readonly isOptional: boolean;
  readonly hasToken: boolean;
}

/** What makes a foreign object look more or less like one of ours. */
export const disguises = ['plain', 'label', 'other cluster', 'other node'] as const;
export type Disguise = (typeof disguises)[number];

/** One step of a sequence: plain data, so that a sequence that found something is kept as it was printed. */
export type Action =
  // Above
  | ({ do: 'create'; shape: Shape } & Place)
  | ({ do: 'recreate'; grace: Grace; shape: Shape } & Place)
  | ({ do: 'delete'; grace: Grace } & Place)
  | ({ do: 'label' | 'annotate' | 'image'; value: number } & Place)
  | ({ do: 'resize'; milli: number } & Place)
  | ({ do: 'set virtual'; to: boolean } & Place)
  | ({ do: 'put'; kind: Kind; value: number } & Place)
  | ({ do: 'drop'; kind: Kind } & Place)
  | { do: 'delete namespace'; side: 'above' | 'below'; space: 0 | 1 }
  // Below
  | ({ do: 'delete below'; grace: Grace } & Place)
  | ({ do: 'finish below'; phase: 'Succeeded' | 'Failed' } & Place)
  | ({ do: 'label below' | 'annotate below' | 'image below' | 'unnote below'; value: number } & Place)
  | ({ do: 'edit copy' | 'delete copy'; kind: Kind } & Place)
  | ({ do: 'take name'; kind: Kind | 'Pod'; disguise: Disguise } & Place)
  | ({ do: 'free name'; kind: Kind | 'Pod' } & Place)
  // In between
  | { do: 'provider'; to: 'kill' | 'stop' | 'start' }
  | { do: 'pause'; milliseconds: number }
  | { do: 'settle' };

const place = {
  space: fc.constantFrom(0, 0, 1),
  name: fc.constantFrom(0, 1, 2),
} as const;
const grace = fc.constantFrom<Grace>('own', 'own', 1, 0);
const kind = fc.constantFrom<Kind>('ConfigMap', 'Secret');
const value = fc.integer({ min: 0, max: 9 });
const dependency = fc.constantFrom(undefined, 0, 1);
const shape: fc.Arbitrary<Shape> = fc.record({
  isVirtual: fc.constantFrom(true, true, true, true, false),
  config: dependency,
  secret: dependency,
  isOptional: fc.boolean(),
  hasToken: fc.boolean(),
});

function step<Rest extends object>(weight: number, name: Action['do'] | Action['do'][], rest: Rest) {
  const names = fc.constantFrom(...[name].flat());
  return { weight, arbitrary: fc.record({ do: names, ...rest }) as unknown as fc.Arbitrary<Action> };
}

/** Any step; those without which nothing happens are frequent, what destroys much is rare. */
export const anyAction: fc.Arbitrary<Action> = fc.oneof(
  step(10, 'create', { ...place, shape }),
  step(5, 'recreate', { ...place, shape, grace }),
  step(4, 'delete', { ...place, grace }),
  step(5, ['label', 'annotate', 'image'], { ...place, value }),
  step(3, 'resize', { ...place, milli: fc.integer({ min: 10, max: 30 }) }),
  step(2, 'set virtual', { ...place, to: fc.boolean() }),
  step(8, 'put', { ...place, kind, value }),
  step(3, 'drop', { ...place, kind }),
  step(1, 'delete namespace', { side: fc.constantFrom('above', 'below'), space: fc.constantFrom(0, 1) }),
  step(4, 'delete below', { ...place, grace }),
  step(3, 'finish below', { ...place, phase: fc.constantFrom('Succeeded', 'Failed') }),
  step(4, ['label below', 'annotate below', 'image below', 'unnote below'], { ...place, value }),
  step(3, ['edit copy', 'delete copy'], { ...place, kind }),
  step(3, 'take name', {
    ...place,
    kind: fc.constantFrom('Pod', 'ConfigMap', 'Secret'),
    disguise: fc.constantFrom(...disguises),
  }),
  step(2, 'free name', { ...place, kind: fc.constantFrom('Pod', 'ConfigMap', 'Secret') }),
  step(3, 'provider', { to: fc.constantFrom('kill', 'stop', 'start', 'start') }),
  step(5, 'pause', { milliseconds: fc.integer({ min: 5, max: 400 }) }),
  step(1, 'settle', {}),
);
