import { controllerOf } from '../kube/controller-of.ts';
import type { Pod } from '../kube/types.ts';
import { firstUidAnnotation } from '../translate/names.ts';

/**
 * Under which key it is remembered where a pod was in vain: pods of a controller are alike, and one that was made again
 * is still the same.
 */
export function ownerKeyOf(pod: Pod): string {
  const { uid = '', annotations } = pod.metadata ?? {};
  return controllerOf(pod)?.uid ?? annotations?.[firstUidAnnotation] ?? uid;
}
