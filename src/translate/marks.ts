import type { KubeObject, ObjectMeta } from '../kube/types.ts';
import {
  upperClusterAnnotation,
  upperUidAnnotation,
  virtualNodeAnnotation,
  virtualPodLabel,
} from './names.ts';

/** On whose behalf objects are made below. */
export interface Owner {
  /** uid of the upper cluster's kube-system namespace. */
  readonly upperCluster: string;
  /** Name of the virtual node. */
  readonly virtualNode: string;
}

/** The label and annotations by which a lower object is known to be ours, and whose copy it is. */
export function marks(owner: Owner, upperUid: string): Required<Pick<ObjectMeta, 'labels' | 'annotations'>> {
  return {
    labels: { [virtualPodLabel]: 'true' },
    annotations: {
      [upperClusterAnnotation]: owner.upperCluster,
      [virtualNodeAnnotation]: owner.virtualNode,
      [upperUidAnnotation]: upperUid,
    },
  };
}

/** Whether we made this lower object for this owner. Nothing else below may be changed or deleted. */
export function isOurs(object: KubeObject, owner: Owner): boolean {
  return (
    isOfUpperCluster(object, owner) &&
    object.metadata?.annotations?.[virtualNodeAnnotation] === owner.virtualNode
  );
}

/** Whether a lower object was made from the same upper cluster, be it for another virtual node. */
export function isOfUpperCluster(object: KubeObject, owner: Owner): boolean {
  const { labels, annotations } = object.metadata ?? {};
  return labels?.[virtualPodLabel] === 'true' && annotations?.[upperClusterAnnotation] === owner.upperCluster;
}

/** The uid of the upper object that a lower object of ours stands for. */
export function upperUidOf(object: KubeObject): string | undefined {
  return object.metadata?.annotations?.[upperUidAnnotation];
}

/** Whether an upper pod is one that runs below. */
export function isVirtual(pod: KubeObject): boolean {
  return pod.metadata?.labels?.[virtualPodLabel] === 'true';
}
