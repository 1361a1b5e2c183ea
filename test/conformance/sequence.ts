import { setTimeout as sleep } from 'node:timers/promises';
import { keyOf } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { isOurs, upperUidOf } from '../../src/translate/marks.ts';
import { eventually } from '../clusters.ts';
import type { Action, StepAround } from '../lives/actions.ts';
import { dependencyFaults } from '../lives/dependency-faults.ts';
import { deleteNamespace, performAbove } from '../lives/perform-above.ts';
import { performBelow, performWithPod } from '../lives/perform-below.ts';
import { fingerprint, type Picture, takePicture } from '../lives/picture.ts';
import { podFaults } from '../lives/pod-faults.ts';
import { beginSequence, ensureProvider, type World } from './world.ts';

/** Longer than the ten seconds after which a taken name is looked at again, and than the longest backoff. */
const patience = 45_000;

/** Does a whole sequence in fresh namespaces. @throws with everything that is wrong after it has settled */
export async function runSequence(world: World, actions: readonly Action[]): Promise<void> {
  await beginSequence(world);
  for (const action of actions) await perform(world, action);
  await settle(world);
}

async function perform(world: World, action: Action): Promise<void> {
  switch (action.at) {
    case 'above':
      return performAbove(world, action);
    case 'pod below':
      return performWithPod(world, action);
    case 'below':
      return performBelow(world, action);
    case 'around':
      return performAround(world, action);
  }
}

async function performAround(world: World, action: StepAround): Promise<void> {
  switch (action.do) {
    case 'delete namespace':
      return deleteNamespace(world, action);
    case 'provider':
      return turnProvider(world, action.to);
    case 'pause':
      // Not to await anything: the provider is to be met in the middle of its work.
      await sleep(action.milliseconds);
      return;
    case 'settle':
      return settle(world);
  }
}

async function turnProvider(world: World, to: 'kill' | 'stop' | 'start'): Promise<void> {
  if (to === 'start') return ensureProvider(world);
  if (!world.isProviderUp) return;
  world.isProviderUp = false;
  await world.provider[to]();
}

/** Waits until nothing is wrong and nothing moves any more. @throws with what stays wrong */
async function settle(world: World): Promise<void> {
  await ensureProvider(world);
  let before = '';
  await eventually(
    async () => {
      const picture = await takePicture(world);
      const faults = faultsOf(world, picture);
      if (faults.length > 0) throw new Error(faults.join('\n'));
      const now = fingerprint(picture);
      const isAtRest = now === before;
      before = now;
      if (!isAtRest) throw new Error('the clusters do not come to rest');
    },
    { within: patience, every: 150 },
  );
}

function faultsOf(world: World, picture: Picture): string[] {
  return [...podFaults(picture), ...dependencyFaults(picture), ...picture.touched, ...historyFaults(world)];
}

/** What was wrong at any time: a pod that ran twice, or went on after it had finished. */
function historyFaults({ seen, spaces, owner }: World): string[] {
  const faults: string[] = [];
  const copies = new Map<string, string>();
  for (const pod of seen.below.states.filter((state) => isIn(spaces, state) && isOurs(state, owner))) {
    const [upper = '', lower = ''] = [upperUidOf(pod), pod.metadata?.uid];
    if ((copies.get(upper) ?? lower) !== lower) faults.push(`pod ${keyOf(pod)} (${upper}) ran twice`);
    copies.set(upper, lower);
  }
  const ends = new Map<string, string>();
  for (const { metadata, status } of seen.above.states.filter((state) => isIn(spaces, state))) {
    const [uid = '', phase = ''] = [metadata?.uid, status?.phase];
    const end = ends.get(uid);
    if (end && end !== phase) faults.push(`pod ${metadata?.name} (${uid}) was ${end} and became ${phase}`);
    if (phase === 'Succeeded' || phase === 'Failed') ends.set(uid, phase);
  }
  return [...new Set(faults)];
}

function isIn(spaces: readonly string[], { metadata }: Pod): boolean {
  return spaces.includes(metadata?.namespace ?? '');
}
