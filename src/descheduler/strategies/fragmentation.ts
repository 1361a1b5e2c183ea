import { z } from 'zod';
import type { Pod } from '../../kube/types.ts';
import type { Search } from '../../scheduling/search.ts';
import { kindOf } from '../kind.ts';
import type { Situation } from '../situation.ts';
import { forEachPending, type Proposal, type Strategy } from '../strategy.ts';
import { Fruitless } from './fruitless.ts';
import { roomFor, UnderWay } from './room-for.ts';

const parameters = z.strictObject({
  /** For how long a pod must have found no place anywhere. */
  pendingSeconds: z.number('a number of seconds').min(0, 'a number of seconds').default(60),
  /** How many pods may make way for one. */
  maxMovesPerPod: z.number('a number').int('a whole number').min(1, 'a number above 0').default(3),
  /** Whose pods make way: kinds of controllers that make another pod at once. */
  ownerKinds: z.array(z.string('the kind of a controller')).default(['ReplicaSet', 'ReplicationController']),
});

/**
 * Somebody else may take the room: then it is made again so long after those that made way must have ended, and later
 * each time. In milliseconds.
 */
const soon = 15_000;

type Parameters = z.output<typeof parameters>;

/** Small pods that make room for a large one which waits though there is room in pieces. */
export const fragmentation: Strategy<Parameters> = {
  name: 'Fragmentation',
  isDefault: false,
  parameters,
  create(given) {
    const fruitless = new Fruitless();
    return (situation) => propose(situation, given, fruitless);
  },
};

function* propose(
  situation: Situation,
  given: Parameters,
  fruitless: Fruitless,
): IterableIterator<Proposal | undefined> {
  const under = new UnderWay();
  const { now } = situation;
  fruitless.expire(now);
  yield* forEachPending(situation, function* (pod): Search<Proposal> {
    // Others may be on their way out for it: more of them must not go meanwhile.
    const key = `room-${pod.metadata?.uid}`;
    const isTried = [...situation.tried(key).values()].some(({ until }) => until > now);
    const kind = kindOf(pod);
    if (isTried || fruitless.has(kind, now)) return undefined;
    if (!isStuck(pod, situation, given.pendingSeconds * 1_000)) return undefined;
    const found = yield* fruitless.search(kind, now, roomFor(pod, situation, given, under));
    if (!found) return undefined;
    under.add(found);
    const { moves, at } = found;
    const graces = moves.map((move) => move.pod.spec?.terminationGracePeriodSeconds ?? 30);
    return { moves, remember: { key, node: at, first: soon + Math.max(...graces) * 1_000 } };
  });
}

function isStuck(pod: Pod, situation: Situation, patience: number): boolean {
  const { nodeName } = pod.spec ?? {};
  const since = nodeName ? situation.lowerPod(pod)?.unschedulable?.since : unschedulableSince(pod);
  if (since === undefined || !(situation.now - Date.parse(since) >= patience)) return false;
  return (!nodeName || !situation.fitsBelow(pod, nodeName)) && situation.placesFor(pod).length === 0;
}

function unschedulableSince({ status }: Pod): string | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return condition?.reason === 'Unschedulable' ? condition.lastTransitionTime : undefined;
}
