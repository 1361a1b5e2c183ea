import { LRUCache } from 'lru-cache';
import { keyOf } from './resources.ts';
import type { KubeObject } from './types.ts';
import type { WatchLineHead } from './watch-line.ts';

/** A change of the cache. `old` is what was there before. */
export type CacheEvent<T> =
  | { type: 'added'; key: string; object: T }
  | { type: 'updated'; key: string; object: T; old: T }
  | { type: 'deleted'; key: string; object: T };

/** The values under which an object is found; none leaves it out of that index. */
export type Indexer<T> = (object: T) => Iterable<string>;

/**
 * The last known state of some objects of one cluster, by key and by index. It only moves forward: an object
 * older than the one held, or than the deletion of its uid, changes nothing, so the answers to our own writes
 * may be put in beside what the watch brings (resource versions are comparable: KEP-5504).
 */
export class Cache<T extends KubeObject, IndexName extends string = never> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: [IndexName, Indexer<T>][];
  readonly #indexes = new Map<IndexName, Map<string, Set<string>>>();
  /** The values under which each object is filed, in the order of the indexers: to find them costs more than to keep them. */
  readonly #filed = new Map<string, readonly (readonly string[])[]>();
  readonly #listeners = new Set<(event: CacheEvent<T>) => void>();
  /** Long enough for an answer that was under way when the object went, few enough to weigh nothing. */
  readonly #deleted = new LRUCache<string, { object: T; version: number }>({
    max: 2_000,
    ttl: 120_000,
    // Looked up at each call, so that a test may put its own clock there.
    perf: { now: () => performance.now() },
  });
  readonly #transform: (object: T) => T;
  #events: CacheEvent<T>[] = [];
  #publishing = false;
  #newest = 0;

  /** `transform` makes objects smaller on entry; managedFields never enter. */
  constructor(indexers: Record<IndexName, Indexer<T>>, transform: (object: T) => T = (object) => object) {
    this.#transform = transform;
    this.#indexers = Object.entries(indexers) as [IndexName, Indexer<T>][];
    for (const [name] of this.#indexers) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#objects.size;
  }

  /** The highest resource version that came in; a complete list below it is of a cluster that was restored. */
  get newest(): number {
    return this.#newest;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** Every object with its key. */
  entries(): IterableIterator<[string, T]> {
    return this.#objects.entries();
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  /** The keys of the objects that an index files under a value. */
  keysBy(index: IndexName, value: string): ReadonlySet<string> {
    return this.#indexes.get(index)?.get(value) ?? empty;
  }

  /** The objects that an index files under a value. */
  *by(index: IndexName, value: string): Generator<T> {
    for (const key of this.keysBy(index, value)) {
      const object = this.#objects.get(key);
      if (object) yield object;
    }
  }

  /** The last state of a deleted object, kept for two minutes at most. */
  lastSeen(uid: string): T | undefined {
    return this.#deleted.get(uid)?.object;
  }

  /**
   * Calls the listener at every later change, synchronously and in order. What one of them throws comes out of
   * the call that made the change, when the cache is complete and every listener was told.
   *
   * @returns what ends it
   */
  subscribe(listener: (event: CacheEvent<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether this state of an object, or a later one, came in already. */
  knows({ key, uid, resourceVersion, isDeleted }: WatchLineHead): boolean {
    if ((this.#deleted.get(uid)?.version ?? 0) >= Number(resourceVersion)) return true;
    if (isDeleted) return false;
    const held = this.#objects.get(key);
    return held?.metadata?.uid === uid && versionOf(held) >= Number(resourceVersion);
  }

  /** Takes in a newer state of an object. */
  apply(object: T): void {
    const uid = object.metadata?.uid ?? '';
    const version = versionOf(object);
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old && versionOf(old) >= version) return;
    const gone = this.#deleted.get(uid);
    if (gone && gone.version >= version) return;
    // It left the selector of a watch, which is told as a deletion too, and is back.
    if (gone) this.#deleted.delete(uid);
    if (old && old.metadata?.uid !== uid) this.#drop(key, old, version);
    this.#put(key, object);
    this.#publish();
  }

  /** Takes out an object; another object of the same name stays. */
  remove(object: T): void {
    const last = this.#enter(object);
    const key = keyOf(last);
    const held = this.#objects.get(key)?.metadata?.uid === last.metadata?.uid;
    if (held) this.#drop(key, last, versionOf(last));
    else this.#bury(last, versionOf(last));
    this.#publish();
  }

  /**
   * Takes in a complete list: what is not in it is gone. With the resource version of the list, what came in
   * later than the list was taken stays (an answer to our own write overtakes a long list). Without it the list
   * is right whatever versions say, for a cluster may be restored.
   */
  replace(objects: T[], asOf?: string): void {
    const listed = asOf === undefined ? Number.POSITIVE_INFINITY : Number(asOf);
    const present = new Map(objects.map((object) => [keyOf(object), object]));
    for (const [key, old] of [...this.#objects]) {
      if (present.get(key)?.metadata?.uid === old.metadata?.uid || versionOf(old) > listed) continue;
      this.#drop(key, old, Number.isFinite(listed) ? listed : versionOf(old));
    }
    this.#newest = asOf === undefined ? 0 : Math.max(this.#newest, listed);
    for (const [key, object] of present) {
      const old = this.#objects.get(key);
      const uid = object.metadata?.uid ?? '';
      if (old && versionOf(old) > listed) continue;
      if ((this.#deleted.get(uid)?.version ?? 0) > listed) continue;
      this.#deleted.delete(uid);
      if (old?.metadata?.resourceVersion !== object.metadata?.resourceVersion) this.#put(key, object);
      this.#newest = Math.max(this.#newest, versionOf(object));
    }
    this.#publish();
  }

  #enter(object: T): T {
    delete object.metadata?.managedFields;
    return this.#transform(object);
  }

  #put(key: string, entering: T): void {
    const object = this.#enter(entering);
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    this.#newest = Math.max(this.#newest, versionOf(object));
    this.#file(key, object);
    this.#events.push(old ? { type: 'updated', key, object, old } : { type: 'added', key, object });
  }

  /** Takes out what is held under a key; `last` is its last state, deleted at this version or before. */
  #drop(key: string, last: T, version: number): void {
    this.#objects.delete(key);
    this.#file(key, undefined);
    this.#bury(last, version);
    this.#events.push({ type: 'deleted', key, object: last });
  }

  #bury(object: T, version: number): void {
    const uid = object.metadata?.uid;
    if (uid) this.#deleted.set(uid, { object, version });
    this.#newest = Math.max(this.#newest, versionOf(object));
  }

  /** Brings the indexes from what was held under a key to what is; nothing is when undefined. */
  #file(key: string, object: T | undefined): void {
    const before = this.#filed.get(key);
    const now = object && this.#indexers.map(([, indexer]) => [...indexer(object)]);
    for (const [place, [name]] of this.#indexers.entries()) {
      const index = this.#indexes.get(name);
      const [old, fresh] = [before?.[place] ?? none, now?.[place] ?? none];
      for (const value of old) {
        if (fresh.includes(value)) continue;
        const keys = index?.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index?.delete(value);
      }
      for (const value of fresh) {
        if (old.includes(value)) continue;
        const keys = index?.get(value);
        if (keys) keys.add(key);
        else index?.set(value, new Set([key]));
      }
    }
    if (now?.some(({ length }) => length > 0)) this.#filed.set(key, now);
    else this.#filed.delete(key);
  }

  /** Tells the listeners; a change that a listener makes is told after the one it was told of. */
  #publish(): void {
    if (this.#publishing) return;
    this.#publishing = true;
    const thrown: unknown[] = [];
    while (this.#events.length > 0) {
      const events = this.#events;
      this.#events = [];
      for (const event of events) {
        for (const listener of this.#listeners) {
          try {
            listener(event);
          } catch (error) {
            thrown.push(error);
          }
        }
      }
    }
    this.#publishing = false;
    if (thrown.length > 0) throw thrown[0];
  }
}

const empty: ReadonlySet<string> = new Set();
const none: readonly string[] = [];

function versionOf(object: KubeObject): number {
  return Number(object.metadata?.resourceVersion ?? 0);
}
