import { z } from 'zod';
import type { PicturedCluster } from '../../clusters/feed/lower-pictures.ts';
import { keyOf } from '../../kube/resources.ts';
import type { Pod } from '../../kube/types.ts';
import { type Movable, makeRoom, type Place } from '../../scheduling/make-room.ts';
import { controllerOf } from '../owner.ts';
import type { Situation } from '../situation.ts';
import type { Move, Proposal, Strategy } from '../strategy.ts';
import { mayBeMoved } from '../upper-cluster.ts';

const parameters = z.strictObject({
  /** For how long a pod must have found no place anywhere. */
  pendingSeconds: z.number('a number of seconds').min(0, 'a number of seconds').default(60),
  /** How many pods may make way for one. */
  maxMovesPerPod: z.number('a number').int('a whole number').min(1, 'a number above 0').default(3),
  /** Whose pods make way: kinds of controllers that make another pod at once. */
  ownerKinds: z.array(z.string('the kind of a controller')).default(['ReplicaSet', 'ReplicationController']),
});

type Parameters = z.output<typeof parameters>;

/** Small pods that make room for a large one which waits though there is room in pieces. */
export const fragmentation: Strategy = {
  name: 'Fragmentation',
  isDefault: false,
  parameters: parameters.transform((given) => (situation) => propose(situation, given)),
};

function* propose(situation: Situation, given: Parameters): IterableIterator<Proposal> {
  for (const pod of situation.pending()) {
    if (!isStuck(pod, situation, given.pendingSeconds * 1_000)) continue;
    const proposal = roomFor(pod, situation, given);
    if (proposal) yield proposal;
  }
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

/** Where the fewest pods must make way; of equals the virtual node where the pod is already. */
function roomFor(pod: Pod, situation: Situation, given: Parameters): Proposal | undefined {
  const own = pod.spec?.nodeName;
  const allowed = situation.allowedAbove(pod);
  const names = own ? [own, ...allowed.filter((name) => name !== own)] : allowed;
  const key = pod.metadata?.uid ?? '';
  let best: Move[] | undefined;
  let at = '';
  for (const name of names) {
    const cluster = situation.clusterOf(name);
    if (!cluster || situation.wasTried(key, name)) continue;
    const most = best ? best.length - 1 : given.maxMovesPerPod;
    if (most < 1) break;
    const moves = movesAt(name, cluster, pod, situation, { ...given, maxMovesPerPod: most });
    if (!moves) continue;
    best = moves;
    at = name;
  }
  return best && { moves: best, remember: { key, node: at } };
}

function movesAt(
  nodeName: string,
  cluster: PicturedCluster,
  pod: Pod,
  situation: Situation,
  { maxMovesPerPod, ownerKinds }: Parameters,
): Move[] | undefined {
  const others = situation.placesBesides(nodeName);
  const found = new Map<string, Pod>();
  const movable = (key: string): Movable | undefined => {
    const small = situation.upperPod(key);
    if (!small || !isMovable(small, nodeName, pod, ownerKinds)) return undefined;
    if (situation.lowerPod(small)?.nodeName === undefined) return undefined;
    found.set(key, small);
    const allowed = new Set(situation.allowedAbove(small));
    const elsewhere = others.flatMap(([name, place]): [string, Pod][] =>
      allowed.has(name) ? [[name, situation.below(small, place)]] : [],
    );
    return { here: situation.below(small, cluster), elsewhere: new Map(elsewhere) };
  };
  const place = placeOf(nodeName, cluster);
  const room = makeRoom({
    pod: situation.below(pod, cluster),
    place,
    others: others.map(([name, other]) => placeOf(name, other)),
    movable,
    mostMoves: maxMovesPerPod,
  });
  return room?.moves.flatMap(({ key, to }): Move[] => {
    const small = found.get(key);
    const because = `it makes way for ${keyOf(pod)} on ${nodeName}`;
    return small ? [{ pod: small, to: [to], avoid: to === nodeName ? undefined : nodeName, because }] : [];
  });
}

function isMovable(small: Pod, nodeName: string, large: Pod, ownerKinds: readonly string[]): boolean {
  const kind = controllerOf(small)?.kind;
  return (
    small.spec?.nodeName === nodeName &&
    kind !== undefined &&
    ownerKinds.includes(kind) &&
    mayBeMoved(small) &&
    !small.metadata?.deletionTimestamp &&
    (small.spec.priority ?? 0) <= (large.spec?.priority ?? 0)
  );
}

function placeOf(name: string, { feed }: PicturedCluster): Place {
  return { name, picture: feed.picture };
}
