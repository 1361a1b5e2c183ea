import fc from 'fast-check';
import { namespaces } from '../../../src/kube/resources.ts';
import type { Action } from '../../lives/actions.ts';
import { anyAction } from '../../lives/actions.ts';
import { attempt, makeNamespace } from '../../lives/ground.ts';
import { deleteNamespace, performAbove } from '../../lives/perform-above.ts';
import { performBelow, performWithPod } from '../../lives/perform-below.ts';
import { find } from '../../objects.ts';
import type { ChaosWorld, Member } from '../world.ts';
import type { Stream } from './stream.ts';

/**
 * Random lives of bare pods and what they use, on one virtual node: created, edited, resized, deleted and made again
 * above; deleted, finished and edited below; names taken by others; namespaces deleted on either side.
 */
export function lives({ random }: ChaosWorld, { name, ground }: Member): Stream {
  let actions: Action[] = [];
  return {
    name: `lives on ${name}`,
    every: 150,
    async step() {
      const seed = random.between(0, 2 ** 31 - 1);
      if (actions.length === 0) actions = fc.sample(anyAction, { seed, numRuns: 200 });
      const action = actions.pop();
      if (action?.at === 'above') await performAbove(ground, action);
      if (action?.at === 'pod below') await performWithPod(ground, action);
      if (action?.at === 'below') await performBelow(ground, action);
      if (action?.at === 'around' && action.do === 'delete namespace') await deleteNamespace(ground, action);
    },
  };
}

let rounds = 0;

/**
 * Gives the lives new namespaces. Those of before go above; below only what is not ours may be left in them, which the
 * judge sees.
 */
export async function moveOn({ above }: ChaosWorld, members: readonly Member[]): Promise<void> {
  rounds += 1;
  for (const { name, below, ground } of members) {
    for (const space of ground.spaces.filter(Boolean)) {
      const { metadata } = (await find(above, namespaces, { name: space })) ?? {};
      if (metadata?.uid)
        await attempt(() => above.delete(namespaces, { name: space }, { uid: metadata.uid ?? '' }));
    }
    ground.foreign.clear();
    const id = `lives-${Date.now().toString(36)}-${rounds}-${name}`;
    ground.spaces = [`${id}-x`, `${id}-y`];
    for (const space of ground.spaces) {
      await makeNamespace(ground, space);
      await attempt(() => below.create(namespaces, { metadata: { name: space } }));
    }
  }
}
