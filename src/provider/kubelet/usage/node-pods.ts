import type { Pod } from '../../../kube/types.ts';

/** The lower pod of an upper one, only when it is ours and, where a uid is given, the upper pod has that uid. */
export type FindPod = (namespace: string, name: string, uid: string | undefined) => Pod | undefined;

/** A pod bound to this node, and its copy below where there is one that is ours. */
export interface PodPair {
  readonly upper: Pod;
  readonly lower: Pod | undefined;
}

/** Every pod that is bound to this node above. */
export type ListPods = () => Iterable<PodPair>;
