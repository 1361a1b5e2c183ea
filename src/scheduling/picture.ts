import type {
  CSINode,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
} from '../kube/types.ts';

/**
 * What is known of one lower cluster for the question where a pod fits: its nodes, the pods on them, volumes, and
 * the room that was promised. Fed with objects as watches bring them; applying an object again replaces it, and
 * removing what is not there does nothing. Each call costs as much as the change, not as the cluster.
 *
 * Objects are read, never changed and not kept: only what the filters ask for is, so that 1,000 pods take about a
 * megabyte. Keys are `namespace/name`, or the name of what has no namespace.
 */
export class Picture {
  /** How many nodes there are, open or not. */
  get nodeCount(): number {
    return 0;
  }

  /** Adds or replaces a node. */
  applyNode(_node: Node): void {}

  /** Forgets a node. Its pods are remembered until they are removed, for the node may come back. */
  removeNode(_name: string): void {}

  /**
   * Adds or replaces a pod. A finished pod counts as removed. One with a node takes the place of its promise; one
   * that waits for a node below holds room like a promise, for the lower scheduler will place it.
   */
  applyPod(_pod: Pod): void {}

  /** Forgets a pod, not its promise. */
  removePod(_key: string): void {}

  applyVolume(_volume: PersistentVolume): void {}
  removeVolume(_name: string): void {}
  applyClaim(_claim: PersistentVolumeClaim): void {}
  removeClaim(_key: string): void {}
  /** Namespaces matter for their labels, which the namespaceSelector of an affinity term asks for. */
  applyNamespace(_namespace: Namespace): void {}
  removeNamespace(_name: string): void {}
  applyStorageClass(_storageClass: StorageClass): void {}
  removeStorageClass(_name: string): void {}
  /** CSINodes matter for how many volumes of a driver can be attached to a node. */
  applyCsiNode(_csiNode: CSINode): void {}
  removeCsiNode(_name: string): void {}

  /**
   * Keeps room for a pod that was promised to this cluster and has not been seen below, until {@link release}, or
   * until the pod is applied with a node. Holding a key again replaces the promise. The pod is as it will be below.
   *
   * A promise takes its room on the node that kube-scheduler would choose now, and moves when that node goes or
   * what really came there leaves no room for it. One that fits nowhere takes no room; it is tried again when
   * something changes.
   */
  hold(_key: string, _pod: Pod, _claims: readonly PersistentVolumeClaim[] = []): void {}

  /** Gives up a promise; nothing happens when there is none. */
  release(_key: string): void {}

  /** The keys that are held and have no node below yet. */
  held(): readonly string[] {
    return [];
  }
}
