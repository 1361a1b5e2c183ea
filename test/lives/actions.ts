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
const disguises = ['plain', 'label', 'other cluster', 'other node'] as const;
export type Disguise = (typeof disguises)[number];

/** A step in the upper cluster, by its user. */
export type StepAbove = { at: 'above' } & (
  | ({ do: 'create'; shape: Shape } & Place)
  | ({ do: 'recreate'; grace: Grace; shape: Shape } & Place)
  | ({ do: 'delete'; grace: Grace } & Place)
  | ({ do: 'label' | 'annotate' | 'image'; value: number } & Place)
  | ({ do: 'resize'; milli: number } & Place)
  | ({ do: 'set virtual'; to: boolean } & Place)
  | ({ do: 'put'; kind: Kind; value: number } & Place)
  | ({ do: 'drop'; kind: Kind } & Place)
);

/** A step that somebody below takes with a pod of ours. */
export type StepWithPod = { at: 'pod below' } & (
  | ({ do: 'delete'; grace: Grace } & Place)
  | ({ do: 'finish'; phase: 'Succeeded' | 'Failed' } & Place)
  | ({ do: 'label' | 'annotate' | 'image'; value: number } & Place)
  | ({ do: 'lose generation' } & Place)
);

/** Any other step in the lower cluster: with a copy of ours, or with what is somebody else's. */
export type StepBelow = { at: 'below' } & (
  | ({ do: 'edit copy' | 'delete copy'; kind: Kind } & Place)
  | ({ do: 'take name'; kind: Kind | 'Pod'; disguise: Disguise } & Place)
  | ({ do: 'free name'; kind: Kind | 'Pod' } & Place)
);

/** A step that has no name: of a whole namespace, of the provider, or of time. */
export type StepAround = { at: 'around' } & (
  | { do: 'delete namespace'; side: 'above' | 'below'; space: 0 | 1 }
  | { do: 'provider'; to: 'kill' | 'stop' | 'start' }
  | { do: 'pause'; milliseconds: number }
  | { do: 'settle' }
);

/** One step of a sequence: plain data, so that a sequence that found something is kept as it was printed. */
export type Action = StepAbove | StepWithPod | StepBelow | StepAround;

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

function step<Rest extends object>(weight: number, at: Action['at'], name: string | string[], rest: Rest) {
  const what = fc.constantFrom(...[name].flat());
  const arbitrary = fc.record({ at: fc.constant(at), do: what, ...rest });
  return { weight, arbitrary: arbitrary as unknown as fc.Arbitrary<Action> };
}

const names = fc.constantFrom('Pod', 'ConfigMap', 'Secret');

/** Any step; those without which nothing happens are frequent, what destroys much is rare. */
export const anyAction: fc.Arbitrary<Action> = fc.oneof(
  step(14, 'above', 'create', { ...place, shape }),
  step(6, 'above', 'recreate', { ...place, shape, grace }),
  step(3, 'above', 'delete', { ...place, grace }),
  step(5, 'above', ['label', 'annotate', 'image'], { ...place, value }),
  step(3, 'above', 'resize', { ...place, milli: fc.integer({ min: 10, max: 30 }) }),
  step(2, 'above', 'set virtual', { ...place, to: fc.boolean() }),
  step(10, 'above', 'put', { ...place, kind, value }),
  step(3, 'above', 'drop', { ...place, kind }),
  step(4, 'pod below', 'delete', { ...place, grace }),
  step(3, 'pod below', 'finish', { ...place, phase: fc.constantFrom('Succeeded', 'Failed') }),
  step(4, 'pod below', ['label', 'annotate', 'image', 'lose generation'], { ...place, value }),
  step(3, 'below', ['edit copy', 'delete copy'], { ...place, kind }),
  step(3, 'below', 'take name', { ...place, kind: names, disguise: fc.constantFrom(...disguises) }),
  step(2, 'below', 'free name', { ...place, kind: names }),
  step(1, 'around', 'delete namespace', {
    side: fc.constantFrom('above', 'below'),
    space: fc.constantFrom(0, 1),
  }),
  step(3, 'around', 'provider', { to: fc.constantFrom('kill', 'stop', 'start', 'start') }),
  step(5, 'around', 'pause', { milliseconds: fc.integer({ min: 5, max: 400 }) }),
  step(1, 'around', 'settle', {}),
);
