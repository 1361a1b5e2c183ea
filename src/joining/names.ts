import { createHash } from 'node:crypto';
import type { KubeObject, ObjectMeta } from '../kube/types.ts';
import { upperClusterAnnotation } from '../translate/names.ts';

/** Who says so, in server-side apply. */
export const fieldManager = 'isthmus-join';

/** Label of everything that `isthmus join` makes below; its value is the name of the cluster. */
export const joinedLabel = 'isthmus.io/joined';

/** Annotation of what is shared by all that are joined to a lower cluster, when `isthmus join` made it. */
export const madeByJoinAnnotation = 'isthmus.io/made-by';

/** One joining: a name above, in one upper cluster. */
export interface Joining {
  readonly name: string;
  /** uid of the upper cluster's kube-system. */
  readonly upperCluster: string;
  /** Where the Secret stands above, and the account below. */
  readonly namespace: string;
}

/**
 * The name below of account, bindings and, with something after it, tokens: another for each upper cluster, for two of
 * them may call the same lower cluster the same.
 */
export function accountName({ name, upperCluster }: Joining): string {
  return `isthmus-${name}-${createHash('sha256').update(upperCluster).digest('hex').slice(0, 8)}`;
}

/** What marks an object below as made for this joining. */
export function joiningMarks({ name, upperCluster }: Joining): Pick<ObjectMeta, 'labels' | 'annotations'> {
  return { labels: { [joinedLabel]: name }, annotations: { [upperClusterAnnotation]: upperCluster } };
}

/** Whether an object below was made for this joining. Nothing else is changed or deleted. */
export function isOfJoining({ metadata }: KubeObject, { name, upperCluster }: Joining): boolean {
  return (
    metadata?.labels?.[joinedLabel] === name &&
    metadata.annotations?.[upperClusterAnnotation] === upperCluster
  );
}
