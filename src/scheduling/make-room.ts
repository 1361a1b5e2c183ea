import type { Pod } from '../kube/types.ts';
import type { Picture } from './picture.ts';
import { factsOf, type PodFacts } from './pod-facts.ts';
import { reach } from './reach.ts';
import type { Search } from './search.ts';
import type { Trial } from './trial.ts';

/** A pod that may be moved, as it would be in each cluster where it may go. */
export interface Movable {
  /** In the cluster where it is. */
  readonly here: Pod;
  /** In the others, by the name of the cluster. */
  readonly elsewhere: ReadonlyMap<string, Pod>;
}

/** A cluster in which room may be made. */
export interface Place {
  readonly name: string;
  readonly picture: Picture;
}

export interface RoomQuestion {
  /** The pod that needs room, as it would be there. */
  readonly pod: Pod;
  readonly place: Place;
  /** Where pods that make way may go besides. */
  readonly others: readonly Place[];
  /** What may be moved of what is there, by `namespace/name`. */
  readonly movable: (key: string) => Movable | undefined;
  /** Nodes where room is being made for another already. */
  readonly taken: ReadonlySet<string>;
  /** More moves than this are not worth it. */
  readonly mostMoves: number;
}

/** Pods that make way, and the cluster that each can go to. */
export interface Room {
  readonly nodeName: string;
  readonly moves: readonly { readonly key: string; readonly to: string }[];
}

interface Candidate {
  readonly key: string;
  readonly movable: Movable;
  readonly facts: PodFacts;
  /** The largest part of what the large pod asks for. */
  readonly size: number;
}

/** So many nodes are tried for one question, those first that lack least. */
const mostNodes = 200;
/** Between two pauses; they take some ten milliseconds. */
const nodesAtOnce = 10;

/**
 * The fewest pods that must move from one node so that a pod fits there, each of them having a place to go to when all
 * of it is done; undefined when no such set is found. Everything is tried on the pictures themselves, by the same
 * filters that decide in the end, and taken back before it ends or yields, which it does after some nodes. Pods on their
 * way to a cluster count there.
 */
export function* makeRoom(question: RoomQuestion): Search<Room> {
  const { pod, place, others } = question;
  // Parts of one cluster share its picture, and what is tried there.
  const trials = new Map<Picture, Trial>();
  const facts = factsOf(pod);
  const trialOf = (picture: Picture) => reach(trials, picture, () => picture.trial(facts.key));
  const here = trialOf(place.picture);
  const elsewhere = others.map(({ name, picture }) => ({ name, trial: trialOf(picture) }));
  let best: Room | undefined;
  const end = () => {
    for (const trial of trials.values()) trial.end();
  };
  try {
    if (here.isInVain(facts)) return undefined;
    here.remove(facts.key);
    const nodes = here.nodeNames
      .filter((name) => !question.taken.has(name))
      .map((name) => ({ name, lack: here.lack(name, facts) }))
      .sort((a, b) => a.lack - b.lack)
      .slice(0, mostNodes);
    for (const [index, { name }] of nodes.entries()) {
      if (index > 0 && index % nodesAtOnce === 0) {
        end();
        yield;
        here.remove(facts.key);
      }
      if (here.isCrowded) return undefined;
      const most = best ? best.moves.length - 1 : question.mostMoves;
      if (most < 1) break;
      best = roomOn(name, most, { ...question, facts, here, elsewhere }) ?? best;
    }
    return best;
  } finally {
    end();
  }
}

interface Setting extends RoomQuestion {
  readonly facts: PodFacts;
  readonly here: Trial;
  readonly elsewhere: readonly { readonly name: string; readonly trial: Trial }[];
}

function roomOn(nodeName: string, most: number, setting: Setting): Room | undefined {
  const { here, facts } = setting;
  const candidates = candidatesOn(nodeName, setting);
  const sets = setsOf(candidates, most, (keys) => {
    const mark = here.mark;
    for (const key of keys) here.remove(key);
    const isRoom = here.placeOn(nodeName, facts);
    here.undo(mark);
    return isRoom;
  });
  for (const set of sets) {
    const moves = whereTo(nodeName, set, setting);
    if (moves) return { nodeName, moves };
  }
  return undefined;
}

/**
 * None when nothing need go. Every single pod that is enough, the smallest first; then the largest together,
 * without those that are not needed.
 */
function* setsOf(
  candidates: readonly Candidate[],
  most: number,
  isEnough: (keys: readonly string[]) => boolean,
): IterableIterator<readonly Candidate[]> {
  if (isEnough([])) return;
  const ascending = [...candidates].sort((a, b) => a.size - b.size);
  const single = ascending.filter(({ key }) => isEnough([key]));
  for (const one of single) yield [one];
  if (single.length > 0 || most < 2) return;
  let set: Candidate[] = [];
  for (const next of [...ascending].reverse()) {
    set = [...set, next];
    if (set.length > most) return;
    if (isEnough(set.map(({ key }) => key))) break;
  }
  for (const one of [...set].reverse()) {
    const fewer = set.filter((other) => other !== one);
    if (fewer.length > 0 && isEnough(fewer.map(({ key }) => key))) set = fewer;
  }
  if (isEnough(set.map(({ key }) => key))) yield set;
}

/** A place for each pod of a set, with the large pod in theirs; undefined when one has none. */
function whereTo(nodeName: string, set: readonly Candidate[], setting: Setting): Room['moves'] | undefined {
  const { here, elsewhere, place, facts } = setting;
  const marks = [here.mark, ...elsewhere.map(({ trial }) => trial.mark)];
  try {
    for (const { key } of set) here.remove(key);
    if (!here.placeOn(nodeName, facts)) return undefined;
    const moves = [];
    for (const { key, movable } of set) {
      const to = here.place(factsOf(movable.here))
        ? place.name
        : elsewhere.find(({ name, trial }) => {
            const there = movable.elsewhere.get(name);
            return there !== undefined && trial.place(factsOf(there));
          })?.name;
      if (to === undefined) return undefined;
      moves.push({ key, to });
    }
    return moves;
  } finally {
    for (const [index, trial] of [here, ...elsewhere.map((one) => one.trial)].entries())
      trial.undo(marks[index]);
  }
}

function candidatesOn(nodeName: string, { here, facts, movable }: Setting): Candidate[] {
  return here.podsOn(nodeName).flatMap((key) => {
    const found = movable(key);
    if (!found) return [];
    const own = factsOf(found.here);
    const asked = new Map(own.requests.map(({ resource, amount }) => [resource, amount]));
    const parts = facts.requests.map(({ resource, amount }) => (asked.get(resource) ?? 0) / amount);
    return [{ key, movable: found, facts: own, size: Math.max(0, ...parts) }];
  });
}
