import type { Pod } from '../../kube/types.ts';
import { reach } from '../../scheduling/reach.ts';
import type { LowerFeed } from '../feed/lower-feed.ts';
import type { PicturedCluster } from '../feed/lower-pictures.ts';
import type { ClaimsBelow } from './claims-below.ts';
import type { PodsBelow } from './pod-below.ts';

export interface PromisedRoomOptions {
  /** The lower cluster behind a virtual node. */
  readonly clusterOf: (nodeName: string) => PicturedCluster | undefined;
  readonly podsBelow: PodsBelow;
  readonly claimsBelow: ClaimsBelow;
  readonly now?: () => number;
}

/**
 * How long a bound pod is expected below, in milliseconds. One that the provider refuses never comes, and must not keep
 * others waiting for where it goes.
 */
const patience = 60_000;

interface BoundPod {
  readonly uid: string;
  readonly nodeName: string;
  /** Undefined when nothing is to be held for it: it has its place below, or is to go. */
  readonly pod: Pod | undefined;
}

/**
 * Holds room below for each pod that is bound to a virtual node, until its copy has a node there. The pictures
 * themselves hold room for copies that wait for one.
 */
export class PromisedRoom {
  readonly #options: PromisedRoomOptions;
  readonly #bound = new Map<string, BoundPod>();
  /** The keys of bound pods, by virtual node. */
  readonly #onNode = new Map<string, Set<string>>();
  readonly #held = new Map<string, { readonly uid: string; readonly feed: LowerFeed }>();
  /** When the promise of each that is still expected was made; the oldest first. */
  readonly #since = new Map<string, number>();
  readonly #now: () => number;

  constructor(options: PromisedRoomOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** How many pods have a promise now. */
  get size(): number {
    return this.#held.size;
  }

  /** A pod was bound, has changed, or is gone (without the pod). */
  apply(key: string, pod: Pod | undefined): void {
    const { uid = '', deletionTimestamp } = pod?.metadata ?? {};
    const known = this.#bound.get(key);
    const nodeName = pod?.spec?.nodeName;
    if (known && known.nodeName !== nodeName) this.#leave(key, known.nodeName);
    if (!pod || !nodeName) this.#bound.delete(key);
    // What was placed below once is never promised room again: a copy that is lost there ends the pod.
    else if (known?.uid !== uid || (known.pod && deletionTimestamp)) {
      this.#bound.set(key, { uid, nodeName, pod: deletionTimestamp ? undefined : pod });
      reach(this.#onNode, nodeName, () => new Set<string>()).add(key);
    }
    this.#review(key, false);
  }

  /** The copy of a pod has changed below. */
  lowerChanged(feed: LowerFeed, key: string): void {
    const bound = this.#bound.get(key);
    if (bound && this.#options.clusterOf(bound.nodeName)?.feed === feed) this.#review(key, true);
  }

  /** A cluster was listed: what is on its virtual nodes may hold room there now. */
  reviewFeed(feed: LowerFeed): void {
    for (const [nodeName, keys] of this.#onNode)
      if (this.#options.clusterOf(nodeName)?.feed === feed) for (const key of keys) this.#review(key, false);
  }

  /** Clusters came or went, or other ones stand behind the virtual nodes. */
  reviewAll(): void {
    for (const key of this.#bound.keys()) this.#review(key, false);
  }

  /** Expects no more what has not come for long. To be called now and then. */
  defer(): void {
    const before = this.#now() - patience;
    for (const [key, since] of this.#since) {
      if (since > before) return;
      this.#since.delete(key);
      this.#held.get(key)?.feed.picture.defer(key);
    }
  }

  #leave(key: string, nodeName: string): void {
    const others = this.#onNode.get(nodeName);
    others?.delete(key);
    if (others?.size === 0) this.#onNode.delete(nodeName);
  }

  #review(key: string, isChangedBelow: boolean): void {
    const { clusterOf, podsBelow, claimsBelow } = this.#options;
    let bound = this.#bound.get(key);
    const cluster = bound?.pod && clusterOf(bound.nodeName);
    const copy = cluster?.feed.lowerPod(key);
    const isCopied = copy !== undefined && copy.upperUid === bound?.uid;
    if (bound && isCopied && copy.nodeName) {
      bound = { ...bound, pod: undefined };
      this.#bound.set(key, bound);
    }
    const wanted = bound?.pod && cluster?.feed.isSynced ? cluster : undefined;
    const held = this.#held.get(key);
    if (held && held.feed !== wanted?.feed) {
      held.feed.picture.release(key);
      this.#held.delete(key);
      this.#since.delete(key);
    }
    if (!wanted || !bound?.pod) return;
    // A former pod of the name that is still there below may have been in the way of the promise.
    const isToHold = held?.feed !== wanted.feed || held.uid !== bound.uid || (isChangedBelow && !isCopied);
    if (!isToHold) return;
    const { configuration, feed } = wanted;
    const claims = claimsBelow.of(bound.pod, configuration, feed.picture);
    feed.picture.hold(key, podsBelow.of(bound.pod)(configuration), claims);
    this.#held.set(key, { uid: bound.uid, feed: wanted.feed });
    this.#since.delete(key);
    this.#since.set(key, this.#now());
  }
}
