import type {
  CSINode,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
} from '../kube/types.ts';
import type { LowerClasses } from '../translate/storage/class-map.ts';
import { ClusterState } from './cluster-state.ts';
import type { InFlight } from './in-flight.ts';
import { factsOf, readPod } from './pod-facts.ts';
import { Promises } from './promises.ts';
import { Trial } from './trial.ts';

/**
 * What is known of one lower cluster for the question where a pod fits: its nodes, the pods on them, volumes, and
 * the room that was promised. Fed with objects as watches bring them, in any order; applying an object again replaces
 * it, and removing what is not there does nothing. Each call costs as much as the change, not as the cluster.
 *
 * Objects are read, never changed and not kept: only what the filters ask for is. Keys are `namespace/name`, or the
 * name of what has no namespace.
 */
export class Picture {
  readonly #state = new ClusterState();
  readonly #promises = new Promises(this.#state);

  /** Which storage classes there are. */
  readonly classes: LowerClasses = this.#state.storage;

  /** How many nodes there are, open or not. */
  get nodeCount(): number {
    return this.#state.nodes.size;
  }

  /** Adds or replaces a node. */
  applyNode(node: Node): void {
    const { nodes, pods } = this.#state;
    const name = node.metadata?.name ?? '';
    const isNew = nodes.slotOf(name) === undefined;
    const slot = nodes.apply(node);
    if (isNew) pods.attach(name, slot);
    this.#promises.crowded(name);
    this.#promises.eased(name);
  }

  /** Forgets a node. Its pods are remembered until they are removed, for the node may come back. */
  removeNode(name: string): void {
    const { nodes, pods } = this.#state;
    const slot = nodes.slotOf(name);
    if (slot === undefined) return;
    pods.detach(name, slot);
    nodes.remove(name);
    this.#promises.inFlight.unsettle(slot);
    this.#promises.crowded(name);
  }

  /**
   * Adds or replaces a pod. A finished pod counts as removed. One with a node takes the place of its promise; one
   * that waits for a node below holds room like a promise, for the lower scheduler will place it.
   */
  applyPod(pod: Pod): void {
    const facts = readPod(pod);
    const { key, nodeName, isTerminating } = facts;
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') {
      if (!isTerminating) this.#promises.drop(key);
      this.removePod(key);
    } else if (nodeName === undefined) {
      // One that is gated is not placed before somebody opens the gate, and one that goes is not placed any more.
      if (isTerminating || (pod.spec?.schedulingGates ?? []).length > 0) this.removePod(key);
      else this.#promises.wait(facts, isUnschedulable(pod));
    } else {
      if (isTerminating) this.#promises.stepAside(key);
      else this.#promises.drop(key);
      const before = this.#state.pods.get(key)?.nodeName;
      if (!this.#state.pods.put(facts, nodeName)) return;
      // What keeps others off more than its own node speaks of nodes that nothing came to.
      if (facts.antiAffinity.length > 0) this.#promises.inFlight.unsettleAll();
      this.#promises.crowded(nodeName);
      if (before !== undefined) this.#promises.eased(before);
    }
  }

  /** Forgets a pod, not its promise. */
  removePod(key: string): void {
    if (this.#promises.isPlaced(key)) {
      this.#promises.stopWaiting(key);
      return;
    }
    const removed = this.#state.pods.remove(key);
    this.#promises.stopWaiting(key);
    this.#promises.comeForward(key);
    if (removed) this.#promises.eased(removed.nodeName);
  }

  applyVolume(volume: PersistentVolume): void {
    this.#state.storage.applyVolume(volume);
  }

  removeVolume(name: string): void {
    this.#state.storage.removeVolume(name);
  }

  applyClaim(claim: PersistentVolumeClaim): void {
    this.#state.storage.applyClaim(claim);
  }

  removeClaim(key: string): void {
    this.#state.storage.removeClaim(key);
  }

  /** Namespaces matter for their labels, which the namespaceSelector of an affinity term asks for. */
  applyNamespace(namespace: Namespace): void {
    this.#state.namespaces.set(namespace.metadata?.name ?? '', namespace.metadata?.labels ?? {});
  }

  removeNamespace(name: string): void {
    this.#state.namespaces.delete(name);
  }

  applyStorageClass(storageClass: StorageClass): void {
    this.#state.storage.applyClass(storageClass);
  }

  removeStorageClass(name: string): void {
    this.#state.storage.removeClass(name);
  }

  /** CSINodes matter for how many volumes of a driver can be attached to a node. */
  applyCsiNode(csiNode: CSINode): void {
    this.#state.storage.applyCsiNode(csiNode);
  }

  removeCsiNode(name: string): void {
    this.#state.storage.removeCsiNode(name);
  }

  /**
   * Counts a pod that was promised to this cluster and has no node there yet as on its way, until {@link release}, or
   * until the pod is applied with a node. Holding a key again replaces the promise; a pod that is on a node already
   * needs none. The pod is as it will be below.
   *
   * Which node it will have is not known before it has it, so it is on no node in what `explain` and `rank` see;
   * `certainty` minds it. One for which the lower scheduler says that it finds no node counts like a pod that nobody
   * promised anything.
   *
   * @param claims see `fits`
   */
  hold(key: string, pod: Pod, claims: readonly PersistentVolumeClaim[] = []): void {
    this.#promises.hold(key, factsOf(pod), claims);
  }

  /**
   * Believes no more that a promised pod comes soon: it counts like a pod that nobody promised anything, on the node
   * that kube-scheduler would choose, if there is one. Until it is held again.
   */
  defer(key: string): void {
    this.#promises.defer(key);
  }

  /** Gives up a promise; nothing happens when there is none. A pod that waits below goes on holding room. */
  release(key: string): void {
    this.#promises.release(key);
  }

  /** The keys of pods that are promised or wait below and have no node yet. */
  held(): readonly string[] {
    return this.#promises.keys();
  }

  /** Tries what would be for a pod of this key; nothing else may happen to the picture before it is ended. */
  trial(key: string): Trial {
    return new Trial(this.#state, this.#promises.inFlight, key);
  }

  /** Asks about the state as it is without the pod of a key: what it takes itself does not stand in its way. */
  asked<T>(key: string, ask: (state: ClusterState, inFlight: InFlight) => T): T {
    const own = this.#state.pods.remove(key);
    try {
      return ask(this.#state, this.#promises.inFlight);
    } finally {
      if (own) this.#state.pods.restore(own);
    }
  }
}

/** The scheduler has looked at the pod and found no node (PodReasonUnschedulable). */
function isUnschedulable({ status }: Pod): boolean {
  return (
    status?.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable') ??
    false
  );
}
