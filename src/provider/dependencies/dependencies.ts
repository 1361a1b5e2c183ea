import { LRUCache } from 'lru-cache';
import { claimPatience, undoLimit, undoPause } from '../../clusters/copy-rules.ts';
import type { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { hasCode } from '../../kube/errors.ts';
import { findObject } from '../../kube/find-object.ts';
import type { RateLimit } from '../../kube/rate-limit.ts';
import { configMaps, type Resource, secrets, splitKey } from '../../kube/resources.ts';
import type { ConfigMap, KubeObject, Secret } from '../../kube/types.ts';
import { dependencyDown, isEditedBelow, isInStep } from '../../translate/dependency.ts';
import { isOfUpperCluster, isOurs, type Owner } from '../../translate/marks.ts';
import type { Reference } from '../../translate/references.ts';
import type { LowerNamespaces } from '../pods/namespaces.ts';
import { type DependencyState, type Finding, findingFor } from './dependency-findings.ts';
import { type DependencyKind, dependencyKey, partsOf } from './dependency-keys.ts';

type Dependency = ConfigMap | Secret;

/**
 * Where one kind of dependency lives: above as metadata only, below as our copies without their content. The
 * index `pod` finds the Secrets with a pod's tokens.
 */
export interface DependencyCaches {
  readonly upper: Cache<KubeObject>;
  readonly copies: Cache<Dependency, 'pod'>;
}

export interface DependenciesOptions {
  upper: Client;
  lower: Client;
  owner: Owner;
  namespaces: LowerNamespaces;
  caches: Record<DependencyKind, DependencyCaches>;
  /** Whether some pod of our upper cluster below names the object. */
  isUsedBelow: (key: string) => boolean;
  /** Whether some pod of this virtual node below names it, and stays. */
  isUsedHere: (key: string) => boolean;
}

const mostUndone = 1_000;
const mostUnclaimed = 10_000;
const resources: Record<DependencyKind, Resource<Dependency>> = { ConfigMap: configMaps, Secret: secrets };

/**
 * Copies of ConfigMaps and Secrets below: made before the first pod that names them, gone after the last. A pod
 * that waits has none: what is not used below is not there.
 */
export class Dependencies {
  readonly #options: DependenciesOptions;
  readonly #underWay = new Map<string, Promise<DependencyState>>();
  /** What each pod on its way down needs: the copies are there before the pod, whatever becomes of it above. */
  readonly #held = new Map<string, Set<string>>();
  readonly #holders = new Map<string, number>();
  /** Since when we see copies of other virtual nodes that no pod uses, by key. */
  readonly #unclaimed = new LRUCache<string, number>({ max: mostUnclaimed });
  readonly #undoing = new LRUCache<string, RateLimit>({ max: mostUndone });

  constructor(options: DependenciesOptions) {
    this.#options = options;
  }

  /**
   * Brings down what a pod needs, unless it must wait for some of it, and holds it until the pod is {@link release}d.
   * Returns what is not to be had, and whether the pod can start without.
   *
   * @param pod namespace/name
   * @throws KubeError
   */
  async prepare(pod: string, references: readonly Reference[]): Promise<Finding[]> {
    const { namespace } = splitKey(pod);
    const isThere = ({ kind, name }: Reference) =>
      this.#options.caches[kind].upper.get(`${namespace}/${name}`);
    if (references.some((reference) => !reference.optional && !isThere(reference))) {
      return references.flatMap((reference) =>
        isThere(reference) ? [] : (findingFor(reference, 'missing') ?? []),
      );
    }
    const keys = references.map(({ kind, name }) => dependencyKey(kind, namespace, name));
    const left = this.#hold(pod, keys);
    const [states] = await Promise.all([
      Promise.all(keys.map((key) => this.#bring(key))),
      ...left.map((key) => this.#dispose(pod, key)),
    ]);
    return references.flatMap((reference, index) => findingFor(reference, states[index] ?? 'missing') ?? []);
  }

  /**
   * Keeps nothing for a pod any more.
   *
   * @returns the keys that are kept for nobody now: what no pod below uses goes when it is next reconciled
   */
  release(pod: string): readonly string[] {
    const free: string[] = [];
    for (const key of this.#held.get(pod) ?? []) {
      const left = (this.#holders.get(key) ?? 1) - 1;
      if (left > 0) this.#holders.set(key, left);
      else {
        this.#holders.delete(key);
        free.push(key);
      }
    }
    this.#held.delete(pod);
    return free;
  }

  /** Another pod of the same name may need other things. @returns what is kept for nobody now */
  #hold(pod: string, keys: readonly string[]): readonly string[] {
    const free = this.release(pod);
    const held = new Set<string>();
    this.#held.set(pod, held);
    for (const key of keys) this.#keep(held, key);
    return free.filter((key) => !this.#holders.has(key));
  }

  #keep(held: Set<string>, key: string): void {
    if (held.has(key)) return;
    held.add(key);
    this.#holders.set(key, (this.#holders.get(key) ?? 0) + 1);
  }

  /** What a pod needs no more goes, or is tried again with the pod. */
  async #dispose(pod: string, key: string): Promise<void> {
    try {
      await this.reconcile(key);
    } catch (error) {
      const held = this.#held.get(pod);
      if (held) this.#keep(held, key);
      throw error;
    }
  }

  async #bring(key: string): Promise<DependencyState> {
    const state = await this.reconcile(key, { isAwaited: true });
    // A pod that may do without would find the lower cluster's own instead.
    return state === 'missing' && (await this.#isTaken(key)) ? 'collision' : state;
  }

  async #isTaken(key: string): Promise<boolean> {
    const { lower, owner } = this.#options;
    const { kind, namespace, lowerName } = partsOf(key, owner);
    try {
      return !isOfUpperCluster(await lower.get(resources[kind], { namespace, name: lowerName }), owner);
    } catch (error) {
      if (hasCode(error, 'NotFound')) return false;
      throw error;
    }
  }

  /**
   * Makes, updates or deletes the copy of one object; calls for the same key come one after another.
   *
   * @param isAwaited whether a pod waits for it that nobody sees below yet
   * @throws KubeError
   */
  reconcile(key: string, { isAwaited = false } = {}): Promise<DependencyState> {
    // A call that has begun may have read what has changed since: who comes later must look again.
    const before = this.#underWay.get(key);
    const look = () => this.#reconcile(key, isAwaited);
    const call = before ? before.then(look, look) : look();
    const tracked = call.finally(() => {
      if (this.#underWay.get(key) === tracked) this.#underWay.delete(key);
    });
    this.#underWay.set(key, tracked);
    return tracked;
  }

  /**
   * How long an edit below is left alone, in milliseconds; 0 to undo it. Two controllers that undo each other's work
   * would keep both API servers busy.
   */
  pauseOf(key: string): number {
    if (!this.#isEditedBelow(key)) return 0;
    const limit = this.#undoing.get(key) ?? undoLimit();
    this.#undoing.set(key, limit);
    return limit.tryTake() ? 0 : undoPause;
  }

  #isEditedBelow(key: string): boolean {
    const { caches, owner } = this.#options;
    const { kind, namespace, name, lowerName } = partsOf(key, owner);
    const above = caches[kind].upper.get(`${namespace}/${name}`);
    const copy = caches[kind].copies.get(`${namespace}/${lowerName}`);
    return above !== undefined && copy !== undefined && isEditedBelow(copy, above);
  }

  async #reconcile(key: string, isAwaited: boolean): Promise<DependencyState> {
    const { caches, owner } = this.#options;
    const { kind, namespace, name, lowerName } = partsOf(key, owner);
    const above = caches[kind].upper.get(`${namespace}/${name}`);
    const held = caches[kind].copies.get(`${namespace}/${lowerName}`);
    // Others may label theirs as we do: only what comes from our upper cluster is a copy.
    const copy = held && isOfUpperCluster(held, owner) ? held : undefined;
    if (!above || !this.#isUsed(key)) {
      if (copy) await this.#delete(key, copy);
      return 'missing';
    }
    this.#unclaimed.delete(key);
    if (copy && isInStep(copy, above) && !(isAwaited && this.#mayGo(key, copy))) return 'in step';
    return this.#write(key, copy);
  }

  /**
   * Whether another virtual node may take the copy away before it sees a pod of ours that uses it: our mark keeps it.
   * Two nodes that both have such pods leave it with whom it is.
   */
  #mayGo(key: string, copy: Dependency): boolean {
    return !isOurs(copy, this.#options.owner) && !this.#options.isUsedHere(key);
  }

  #isUsed(key: string): boolean {
    return this.#holders.has(key) || this.#options.isUsedBelow(key);
  }

  async #write(key: string, copy: Dependency | undefined): Promise<DependencyState> {
    const { upper, lower, owner, namespaces, caches } = this.#options;
    const { kind, namespace, name, lowerName } = partsOf(key, owner);
    const resource = resources[kind];
    let object: Dependency;
    try {
      object = await upper.get(resource, { namespace, name });
    } catch (error) {
      if (hasCode(error, 'NotFound')) return 'missing';
      throw error;
    }
    const desired = dependencyDown(object, owner, lowerName);
    try {
      if (copy) {
        caches[kind].copies.apply(await this.#replace(resource, desired, copy));
      } else {
        await namespaces.ensure(namespace);
        caches[kind].copies.apply(await lower.create(resource, desired));
      }
      return 'in step';
    } catch (error) {
      if (hasCode(error, 'NotFound')) namespaces.forget(namespace);
      if (!hasCode(error, 'AlreadyExists')) throw error;
    }
    const found = await lower.get(resource, { namespace, name: lowerName });
    if (!isOfUpperCluster(found, owner)) return 'collision';
    caches[kind].copies.apply(await this.#replace(resource, desired, found));
    return 'in step';
  }

  /** The resource version below is the precondition: whoever changed it meanwhile is looked at first. */
  async #replace(
    resource: Resource<Dependency>,
    desired: Dependency,
    current: Dependency,
  ): Promise<Dependency> {
    const { lower, owner } = this.#options;
    const { uid, resourceVersion } = current.metadata ?? {};
    const metadata = {
      ...desired.metadata,
      ...(uid ? { uid } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
    };
    try {
      return await lower.replace(resource, { ...desired, metadata });
    } catch (error) {
      const isOfAnotherType = hasCode(error, 'Invalid') && error.status?.details?.causes?.some(isAboutType);
      if (!isOfAnotherType || !uid || !isOurs(current, owner)) throw error;
      // The type of a Secret, made anew above with another, cannot change below.
      await lower.delete(resource, { namespace: metadata.namespace, name: metadata.name ?? '' }, { uid });
      return lower.create(resource, desired);
    }
  }

  /**
   * When to look again at a copy of another virtual node that no pod uses, in milliseconds: that node removes it at
   * once, unless nobody works for it any more.
   */
  lookAgain(key: string): number | undefined {
    const since = this.#unclaimed.get(key);
    return since === undefined ? undefined : Math.max(0, since + claimPatience - performance.now());
  }

  #isClaimed(key: string, copy: Dependency): boolean {
    if (isOurs(copy, this.#options.owner)) return false;
    const since = this.#unclaimed.get(key) ?? performance.now();
    this.#unclaimed.set(key, since);
    return performance.now() < since + claimPatience;
  }

  async #delete(key: string, copy: Dependency): Promise<void> {
    const { lower, owner, caches } = this.#options;
    if (this.#isClaimed(key, copy)) return;
    const { kind } = partsOf(key, owner);
    const { namespace, name = '', uid = '', resourceVersion } = copy.metadata ?? {};
    try {
      // Another virtual node may have put its mark on it for a pod that is not there yet.
      await lower.delete(resources[kind], { namespace, name }, { uid, resourceVersion });
    } catch (error) {
      // When it is another than it was, the watch brings what became of it.
      if (hasCode(error, 'Conflict') && (await this.#hasChanged(kind, copy))) return;
      if (!hasCode(error, 'NotFound')) throw error;
    }
    caches[kind].copies.remove(copy);
    this.#unclaimed.delete(key);
  }

  async #hasChanged(kind: DependencyKind, copy: Dependency): Promise<boolean> {
    const { namespace, name = '', resourceVersion } = copy.metadata ?? {};
    const found = await findObject(this.#options.lower, resources[kind], { namespace, name });
    return found?.metadata?.resourceVersion !== resourceVersion;
  }
}

function isAboutType({ field }: { field?: string }): boolean {
  return field === 'type';
}
