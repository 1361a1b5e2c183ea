import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Action } from '../lives/actions.ts';
import { runSequence } from './sequence.ts';
import { openWorld, type World } from './world.ts';

/** Sequences that once found something, cut down to what it took. */
const found: Record<string, Action[]> = {
  'the root certificate of a pod that waits for a Secret is not copied': [
    { at: 'above', do: 'create', ...first(), shape: pod({ secret: 0 }) },
  ],
  'a Secret with our label that is not ours is not written over': [
    { at: 'above', do: 'put', ...first(), kind: 'Secret', value: 1 },
    { at: 'below', do: 'take name', ...first(), kind: 'Secret', disguise: 'label' },
    { at: 'above', do: 'create', ...first(), shape: pod({ secret: 0 }) },
  ],
  'nothing stays below that a pod used which was deleted there as soon as it was made': [
    { at: 'above', do: 'put', ...first(), kind: 'ConfigMap', value: 1 },
    { at: 'above', do: 'create', ...first(), shape: pod({ config: 0 }) },
    ...Array.from({ length: 30 }, () => ({ at: 'pod below', do: 'delete', ...first(), grace: 0 }) as const),
  ],
  'what a pod uses below is made again there when the label was taken from the upper pod': [
    ...virtual(),
    { at: 'around', do: 'settle' },
    notVirtual(),
    { at: 'below', do: 'delete copy', ...first(), kind: 'ConfigMap' },
  ],
  'what a pod uses below follows a change when the label was taken from the upper pod': [
    ...virtual(),
    { at: 'around', do: 'settle' },
    notVirtual(),
    { at: 'above', do: 'put', ...first(), kind: 'ConfigMap', value: 2 },
  ],
  'what a pod uses is made again when it was deleted below while no provider ran': [
    ...virtual(),
    { at: 'around', do: 'settle' },
    { at: 'around', do: 'provider', to: 'kill' },
    { at: 'below', do: 'delete copy', ...first(), kind: 'ConfigMap' },
  ],
  'what a pod uses comes with it when the label was taken from the upper pod on the way': [
    ...virtual(),
    notVirtual(),
  ],
  'the root certificate of a pod with a token goes with it when another of its name takes its place': [
    { at: 'above', do: 'create', ...first(), shape: { ...pod({}), hasToken: false } },
    { at: 'above', do: 'create', space: 0, name: 2, shape: pod({}) },
    { at: 'above', do: 'recreate', space: 0, name: 2, shape: { ...pod({}), isVirtual: false }, grace: 0 },
    {
      at: 'above',
      do: 'recreate',
      ...first(),
      shape: { ...pod({ secret: 1 }), hasToken: false },
      grace: 'own',
    },
  ],
};

/** A pod that uses a ConfigMap. */
function virtual(): Action[] {
  return [
    { at: 'above', do: 'put', ...first(), kind: 'ConfigMap', value: 1 },
    { at: 'above', do: 'create', ...first(), shape: pod({ config: 0 }) },
  ];
}

function notVirtual(): Action {
  return { at: 'above', do: 'set virtual', ...first(), to: false };
}

function first() {
  return { space: 0, name: 0 } as const;
}

function pod(parts: { secret?: 0 | 1; config?: 0 | 1 }) {
  return {
    isVirtual: true,
    config: undefined,
    secret: undefined,
    isOptional: false,
    hasToken: true,
    ...parts,
  };
}

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

describe('found once', () => {
  it.each(Object.entries(found))('%s', (_, actions) => runSequence(world, actions));
});
