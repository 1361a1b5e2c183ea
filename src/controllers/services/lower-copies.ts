import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { claimPatience, undoLimit, undoPause } from '../../clusters/copy-rules.ts';
import type { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { hasCode } from '../../kube/errors.ts';
import type { RateLimit } from '../../kube/rate-limit.ts';
import { type Resource, splitKey } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import { isOfUpperCluster, isOurs, type Owner } from '../../translate/marks.ts';
import { virtualNodeAnnotation } from '../../translate/names.ts';

/** What a copy that cannot be made or changed, or not in full, is told of. */
export interface CopyRefusal {
  readonly reason: 'NameCollision' | 'LowerClusterRefused' | 'SettingsDiffer' | 'TooManyPeers';
  readonly message: string;
}

export interface LowerCopiesOptions<T extends KubeObject> {
  readonly lower: Client;
  readonly owner: Owner;
  readonly resource: Resource<T>;
  /** What is there below. */
  readonly copies: Pick<Cache<T>, 'get' | 'apply' | 'remove'>;
  /** Whether others' objects are among them, so that nobody needs to ask whose one is. */
  readonly seesOthers: boolean;
  /** What to write so that a copy is as desired: nothing, the whole object, or another one in its place. */
  readonly toWrite: (desired: T, copy: T) => T | 'recreate' | undefined;
  /** Another thing to ask for where the lower cluster finds this one invalid. */
  readonly lesser?: (desired: T) => T | undefined;
  readonly onRefused: (key: string, refusal: CopyRefusal) => void;
  readonly now?: () => number;
}

/** What was refused, or is in the way, is looked at again after this, in milliseconds. */
const retryRefused = 30_000;
/** A copy that is being deleted, or was changed in between, is looked at again after this, in milliseconds. */
const soon = 500;
const mostKnown = 20_000;

/** How a copy was written last. */
interface Written {
  readonly desired: string;
  readonly answer: string;
  readonly undoing: RateLimit;
}

/**
 * Copies of one kind in a lower cluster, under the rules of all that we make there: what has not our marks is never
 * touched; each deletion carries a uid; virtual nodes that share a lower cluster share the copies, and whose mark is on
 * one does the work; what somebody edits below is put right, but not for ever at once.
 */
export class LowerCopies<T extends KubeObject> {
  readonly #options: LowerCopiesOptions<T>;
  readonly #now: () => number;
  readonly #written = new LRUCache<string, Written>({ max: mostKnown });
  /** Since when copies of other virtual nodes are out of step, by key. */
  readonly #unclaimed = new LRUCache<string, number>({ max: mostKnown });
  /** Who undid what we wrote, being set otherwise, by key: it is left to have its way. */
  readonly #keepers = new LRUCache<string, string>({ max: mostKnown });
  readonly #deleting = new LRUCache<string, RateLimit>({ max: mostKnown });

  constructor(options: LowerCopiesOptions<T>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** The copy of this name, if it comes from our upper cluster. */
  held(key: string): T | undefined {
    const found = this.#options.copies.get(key);
    return found && isOfUpperCluster(found, this.#options.owner) ? found : undefined;
  }

  /**
   * Makes, changes or deletes a copy; with at most one write, but for one that must be made anew.
   *
   * @param desired undefined when there is to be none
   * @param isWantedBy where there is to be none: whether another virtual node may want it all the same
   * @throws KubeError
   */
  async bring(
    key: string,
    desired: T | undefined,
    isWantedBy: (virtualNode: string) => boolean = () => false,
  ): Promise<ReconcileResult> {
    if (desired) return this.#bring(key, desired);
    const copy = this.held(key);
    this.#written.delete(key);
    if (!copy || copy.metadata?.deletionTimestamp) return this.#settled(key);
    const other = this.#otherOf(copy);
    if (other !== undefined && isWantedBy(other)) {
      this.#settled(key);
      return { requeueAfter: retryRefused };
    }
    return this.#yield(key, copy) ?? this.#pauseDeletion(key) ?? this.#delete(key, copy);
  }

  async #bring(key: string, desired: T): Promise<ReconcileResult> {
    const found = this.#options.copies.get(key);
    if (!found)
      return this.#guarded(key, desired, (object) => this.#create(key, object), this.#options.lesser);
    if (!isOfUpperCluster(found, this.#options.owner)) return this.#collides(key);
    // The watch brings its end.
    if (found.metadata?.deletionTimestamp) return { requeueAfter: retryRefused };
    // Whose mark is on it is no difference.
    const isInStep = this.#options.toWrite(markedAs(desired, found), found) === undefined;
    if (isInStep || this.#isAnswered(key, desired, found)) return this.#agreed(key);
    const wait = this.#yield(key, found) ?? this.#differs(key, desired, found) ?? this.#pause(key, desired);
    if (wait) return wait;
    const write = this.#options.toWrite(desired, found);
    if (write === undefined) return this.#agreed(key);
    if (write === 'recreate') {
      await this.#delete(key, found);
      return this.#guarded(key, desired, (object) => this.#create(key, object), this.#options.lesser);
    }
    return this.#guarded(key, write, (object) => this.#replace(key, desired, object));
  }

  /** The lower cluster may leave out what it does not know: what it answered to just this is all that it can do. */
  #isAnswered(key: string, desired: T, found: T): boolean {
    const written = this.#written.get(key);
    return written?.desired === fingerprint(desired) && written.answer === fingerprint(found);
  }

  #agreed(key: string): undefined {
    this.#keepers.delete(key);
    this.#settled(key);
  }

  #settled(key: string): undefined {
    this.#unclaimed.delete(key);
  }

  /** Leaves a copy to the virtual node whose mark it has, for a while. */
  #yield(key: string, copy: T): ReconcileResult {
    if (isOurs(copy, this.#options.owner)) return undefined;
    const since = this.#unclaimed.get(key) ?? this.#now();
    this.#unclaimed.set(key, since);
    const left = since + claimPatience - this.#now();
    return left > 0 ? { requeueAfter: left } : undefined;
  }

  /** The virtual node whose mark a copy has, if it is another. */
  #otherOf(copy: T): string | undefined {
    return isOurs(copy, this.#options.owner) ? undefined : (markOf(copy) ?? '');
  }

  /**
   * Whether another virtual node wrote over what we had written for the same upper object: it is at work, and set
   * otherwise. Two who take it from each other would make it anew for ever.
   */
  #differs(key: string, desired: T, found: T): ReconcileResult {
    const other = this.#otherOf(found);
    if (other === undefined) return undefined;
    if (this.#written.get(key)?.desired === fingerprint(desired)) this.#keepers.set(key, other);
    if (this.#keepers.get(key) !== other) return undefined;
    const message =
      `virtual node ${other} has the same lower cluster and keeps it there otherwise; ` +
      'give both the same settings of Services and the same namespace';
    this.#options.onRefused(key, { reason: 'SettingsDiffer', message });
    return { requeueAfter: retryRefused };
  }

  /** Somebody may make again and again what we take away. */
  #pauseDeletion(key: string): ReconcileResult {
    const limit = this.#deleting.get(key) ?? undoLimit(this.#now);
    this.#deleting.set(key, limit);
    return limit.tryTake() ? undefined : { requeueAfter: undoPause };
  }

  /** Waits where somebody below has changed again what we wrote: two who undo each other keep both servers busy. */
  #pause(key: string, desired: T): ReconcileResult {
    const written = this.#written.get(key);
    if (written?.desired !== fingerprint(desired) || written.undoing.tryTake()) return undefined;
    return { requeueAfter: undoPause };
  }

  async #create(key: string, desired: T): Promise<ReconcileResult> {
    const { lower, resource, copies, seesOthers } = this.#options;
    try {
      this.#took(key, desired, await lower.create(resource, desired));
      return undefined;
    } catch (error) {
      if (!hasCode(error, 'AlreadyExists')) throw error;
    }
    if (seesOthers) return { requeueAfter: soon };
    const found = await lower.get(resource, splitKey(key));
    if (!isOfUpperCluster(found, this.#options.owner)) return this.#collides(key);
    copies.apply(found);
    return { requeueAfter: soon };
  }

  async #replace(key: string, desired: T, write: T): Promise<ReconcileResult> {
    const { lower, resource } = this.#options;
    try {
      this.#took(key, desired, await lower.replace(resource, write));
      return undefined;
    } catch (error) {
      // The watch brings what it is now, or that it is gone.
      if (!hasCode(error, 'Conflict', 'NotFound')) throw error;
      return { requeueAfter: soon };
    }
  }

  #took(key: string, desired: T, answer: T): void {
    const undoing = this.#written.get(key)?.undoing ?? undoLimit(this.#now);
    this.#options.copies.apply(answer);
    // As the cache keeps it, which may be less than what came.
    const kept = this.#options.copies.get(key) ?? answer;
    this.#written.set(key, { desired: fingerprint(desired), answer: fingerprint(kept), undoing });
    this.#settled(key);
  }

  async #delete(key: string, copy: T): Promise<ReconcileResult> {
    const { lower, resource, copies } = this.#options;
    const { uid = '', resourceVersion } = copy.metadata ?? {};
    try {
      // Another virtual node may have put its mark on it meanwhile.
      await lower.delete(resource, splitKey(key), { uid, resourceVersion });
    } catch (error) {
      if (hasCode(error, 'Conflict')) return { requeueAfter: soon };
      if (!hasCode(error, 'NotFound')) throw error;
    }
    copies.remove(copy);
    return this.#settled(key);
  }

  /** Says what the lower cluster refuses, and asks for less where that is possible. */
  async #guarded(
    key: string,
    desired: T,
    write: (object: T) => Promise<ReconcileResult>,
    lesser?: (desired: T) => T | undefined,
  ): Promise<ReconcileResult> {
    try {
      return await write(desired);
    } catch (error) {
      if (!hasCode(error, 'Forbidden', 'Invalid', 'BadRequest')) throw error;
      const less = hasCode(error, 'Invalid') ? lesser?.(desired) : undefined;
      if (less) return this.#guarded(key, less, write);
      this.#options.onRefused(key, { reason: 'LowerClusterRefused', message: error.message });
      return { requeueAfter: retryRefused };
    }
  }

  #collides(key: string): ReconcileResult {
    const { resource, onRefused } = this.#options;
    const what = `${resource.kind.toLowerCase()} "${splitKey(key).name}"`;
    const message = `${what} exists in the lower cluster and belongs to the lower cluster itself`;
    onRefused(key, { reason: 'NameCollision', message });
    return { requeueAfter: retryRefused };
  }
}

function markOf({ metadata }: KubeObject): string | undefined {
  return metadata?.annotations?.[virtualNodeAnnotation];
}

/** The object as the virtual node would make it whose mark a copy has. */
function markedAs<T extends KubeObject>(desired: T, copy: T): T {
  const annotations = { ...desired.metadata?.annotations, [virtualNodeAnnotation]: markOf(copy) ?? '' };
  return { ...desired, metadata: { ...desired.metadata, annotations } };
}

/** Tells one state of an object from another, whatever the API server counts beside it. */
function fingerprint(object: KubeObject): string {
  const { metadata, ...content } = object;
  const {
    resourceVersion: _version,
    generation: _generation,
    managedFields: _managers,
    ...rest
  } = metadata ?? {};
  return createHash('sha256')
    .update(JSON.stringify({ ...content, metadata: rest }))
    .digest('base64url');
}

/** The object with what makes a write conditional on the state that was seen. */
export function inPlaceOf<T extends KubeObject>(desired: T, { metadata }: KubeObject): T {
  const { uid, resourceVersion } = metadata ?? {};
  return {
    ...desired,
    metadata: { ...desired.metadata, ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) },
  };
}
