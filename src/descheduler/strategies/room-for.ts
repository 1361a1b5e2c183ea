import type { PicturedCluster } from '../../clusters/feed/lower-pictures.ts';
import { controllerOf } from '../../kube/controller-of.ts';
import { keyOf } from '../../kube/resources.ts';
import type { Pod } from '../../kube/types.ts';
import { type Movable, makeRoom, type Place } from '../../scheduling/make-room.ts';
import { reach } from '../../scheduling/reach.ts';
import type { Search } from '../../scheduling/search.ts';
import { withLowerAvoidance } from '../../translate/lower-avoidance.ts';
import { avoidedBelow, avoidedNow, lowerNodeKey } from '../../translate/tried.ts';
import { ownerKeyOf } from '../owner.ts';
import type { Situation } from '../situation.ts';
import type { Move } from '../strategy.ts';
import { mayBeMoved } from '../upper-cluster.ts';

export interface RoomLimits {
  /** How many pods may make way for one. */
  readonly maxMovesPerPod: number;
  /** Whose pods make way: kinds of controllers. */
  readonly ownerKinds: readonly string[];
}

/** Room that is to be made: where, and by which moves. */
export interface RoomFound {
  /** The virtual node, its cluster, and the node in it. */
  readonly at: string;
  readonly cluster: PicturedCluster;
  readonly on: string;
  readonly moves: readonly Move[];
}

/** What was proposed in this round: the next large pod is to get room of its own. */
export class UnderWay {
  readonly #nodes = new Map<PicturedCluster['feed'], Set<string>>();
  readonly #moved = new Set<string>();

  add({ cluster, on, moves }: RoomFound): void {
    reach(this.#nodes, cluster.feed, () => new Set<string>()).add(on);
    for (const { pod } of moves) this.#moved.add(keyOf(pod));
  }

  nodesOf({ feed }: PicturedCluster): ReadonlySet<string> {
    return this.#nodes.get(feed) ?? new Set();
  }

  isMoved(key: string): boolean {
    return this.#moved.has(key);
  }
}

/** Where the fewest pods must make way; of equals the virtual node where the pod is already. */
export function* roomFor(
  pod: Pod,
  situation: Situation,
  given: RoomLimits,
  under: UnderWay,
): Search<RoomFound> {
  const own = pod.spec?.nodeName;
  const allowed = situation.allowedAbove(pod);
  const names = own ? [own, ...allowed.filter((name) => name !== own)] : allowed;
  let best: RoomFound | undefined;
  for (const at of names) {
    const cluster = situation.clusterOf(at);
    if (!cluster || !situation.isOurs(at)) continue;
    const maxMovesPerPod = best ? best.moves.length - 1 : given.maxMovesPerPod;
    if (maxMovesPerPod < 1) break;
    best = (yield* roomAt(at, cluster, pod, situation, { ...given, maxMovesPerPod }, under)) ?? best;
    yield;
  }
  return best;
}

function* roomAt(
  at: string,
  cluster: PicturedCluster,
  pod: Pod,
  situation: Situation,
  { maxMovesPerPod, ownerKinds }: RoomLimits,
  under: UnderWay,
): Search<RoomFound> {
  const others = situation.placesBesides(at);
  const found = new Map<string, Pod>();
  const movable = (key: string): Movable | undefined => {
    const small = under.isMoved(key) ? undefined : situation.upperPod(key);
    if (!small || !isMovable(small, at, pod, ownerKinds)) return undefined;
    const on = situation.lowerPod(small)?.nodeName;
    if (on === undefined) return undefined;
    found.set(key, small);
    // The next of its controller is kept from what was tried, so this one is only moved to where that one may go.
    const tried = situation.tried(ownerKeyOf(small));
    const avoided = avoidedNow(tried, situation.now);
    if (avoided.has(at)) return undefined;
    const next = withLowerAvoidance(small, [...avoidedBelow(tried, situation.now), on]);
    const allowed = new Set(situation.allowedAbove(small));
    const elsewhere = others.flatMap(([name, place]): [string, Pod][] =>
      allowed.has(name) && !avoided.has(name) ? [[name, situation.below(next, place)]] : [],
    );
    return { here: situation.below(next, cluster), elsewhere: new Map(elsewhere) };
  };
  const room = yield* makeRoom({
    pod: situation.below(pod, cluster),
    place: placeOf(at, cluster),
    others: others.map(([name, other]) => placeOf(name, other)),
    movable,
    taken: under.nodesOf(cluster),
    mostMoves: maxMovesPerPod,
  });
  if (!room) return undefined;
  const because = `it makes way for ${keyOf(pod)} on ${at}`;
  const moves = room.moves.flatMap(({ key, to }): Move[] => {
    const small = found.get(key);
    return small
      ? [{ pod: small, to: [to], avoid: to === at ? lowerNodeKey(at, room.nodeName) : at, because }]
      : [];
  });
  return { at, cluster, on: room.nodeName, moves };
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
