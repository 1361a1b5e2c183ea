import type { Pod } from '../kube/types.ts';
import { likeness } from '../scheduling/likeness.ts';
import { factsOf } from '../scheduling/pod-facts.ts';
import { clusterSelectorAnnotation } from '../translate/names.ts';
import { ownerKeyOf } from './owner.ts';

/**
 * Equal for pods that find room in the same places: replicas on one virtual node, or on none. One controller may have
 * pods of several kinds, such as the head and the workers of a custom resource.
 */
export function kindOf(pod: Pod): string {
  const clusterSelector = pod.metadata?.annotations?.[clusterSelectorAnnotation];
  return JSON.stringify([ownerKeyOf(pod), clusterSelector, likeness(factsOf(pod))]);
}
