import { LRUCache } from 'lru-cache';
import { keyOf } from './resources.ts';
import type { KubeObject } from './types.ts';

/** A change of the cache. `old` is what was there before. */
export type CacheEvent<T> =
  | { type: 'added'; key: string; object: T }
  | { type: 'updated'; key: string; object: T; old: T }
  | { type: 'deleted'; key: string; object: T };

/** The values under which an object is found; none leaves it out of that index. */
export type Indexer<T> = (object: T) => Iterable<string>;

/**
 * The last known state of some objects of one cluster, by key and by index. It only moves forward: an object
 * older than the one held, or one already deleted, changes nothing, so the answers to our own writes may be
 * put in beside what the watch brings (resource versions are comparable: KEP-5504).
 */
export class Cache<T extends KubeObject, IndexName extends string = never> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: [IndexName, Indexer<T>][];
  readonly #indexes = new Map<IndexName, Map<string, Set<string>>>();
  readonly #listeners: ((event: CacheEvent<T>) => void)[] = [];
  /** Long enough for an answer that was under way when the object went, few enough to weigh nothing. */
  readonly #deleted = new LRUCache<string, T>({ max: 2_000, ttl: 120_000 });
  readonly #transform: (object: T) => T;

  /** `transform` makes objects smaller on entry; managedFields never enter. */
  constructor(indexers: Record<IndexName, Indexer<T>>, transform: (object: T) => T = (object) => object) {
    this.#transform = transform;
    this.#indexers = Object.entries(indexers) as [IndexName, Indexer<T>][];
    for (const [name] of this.#indexers) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
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
    return this.#deleted.get(uid);
  }

  /** Calls the listener at every later change, synchronously and in order. */
  subscribe(listener: (event: CacheEvent<T>) => void): void {
    this.#listeners.push(listener);
  }

  /** Takes in a newer state of an object. */
  apply(object: T): void {
    const uid = object.metadata?.uid ?? '';
    if (this.#deleted.has(uid)) return;
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old && versionOf(old) >= versionOf(object)) return;
    if (old && old.metadata?.uid !== uid) this.remove(old);
    this.#put(key, object);
  }

  /** Takes out an object; another object of the same name stays. */
  remove(object: T): void {
    const uid = object.metadata?.uid ?? '';
    this.#deleted.set(uid, object);
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old?.metadata?.uid !== uid) return;
    this.#objects.delete(key);
    this.#unindex(key, old);
    this.#emit({ type: 'deleted', key, object });
  }

  /** Takes in a complete list: what is not in it is gone, whatever versions say (a cluster may be restored). */
  replace(objects: T[]): void {
    const present = new Map(objects.map((object) => [keyOf(object), object]));
    for (const [key, old] of [...this.#objects]) {
      if (present.get(key)?.metadata?.uid !== old.metadata?.uid) this.remove(old);
    }
    for (const [key, object] of present) {
      this.#deleted.delete(object.metadata?.uid ?? '');
      if (this.#objects.get(key)?.metadata?.resourceVersion !== object.metadata?.resourceVersion)
        this.#put(key, object);
    }
  }

  #put(key: string, entering: T): void {
    delete entering.metadata?.managedFields;
    const object = this.#transform(entering);
    const old = this.#objects.get(key);
    if (old) this.#unindex(key, old);
    this.#objects.set(key, object);
    for (const [name, indexer] of this.#indexers) {
      const index = this.#indexes.get(name);
      for (const value of indexer(object)) {
        const keys = index?.get(value);
        if (keys) keys.add(key);
        else index?.set(value, new Set([key]));
      }
    }
    this.#emit(old ? { type: 'updated', key, object, old } : { type: 'added', key, object });
  }

  #unindex(key: string, old: T): void {
    for (const [name, indexer] of this.#indexers) {
      const index = this.#indexes.get(name);
      for (const value of indexer(old)) {
        const keys = index?.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index?.delete(value);
      }
    }
  }

  #emit(event: CacheEvent<T>): void {
    for (const listener of this.#listeners) listener(event);
  }
}

const empty: ReadonlySet<string> = new Set();

function versionOf(object: KubeObject): number {
  return Number(object.metadata?.resourceVersion ?? 0);
}
