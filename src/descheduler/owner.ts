import { controllerOf } from '../kube/controller-of.ts';
import type { Pod } from '../kube/types.ts';
import { firstUidAnnotation } from '../translate/names.ts';

/** Annotation of a pod of an Indexed Job: how often its predecessors have failed, by the job controller. */
export const indexFailuresAnnotation = 'batch.kubernetes.io/job-index-failure-count';

/** What may be a key of a ConfigMap, behind a prefix of ours. */
const likeUid = /^[\w.-]{1,100}$/;

/**
 * Under which key it is remembered where a pod was in vain: pods of a controller have one, and one that was made again
 * is still the same. The latter is what an annotation says, which anybody writes: so such a key is never that of a
 * controller, whose pods would be kept from nodes.
 */
export function ownerKeyOf(pod: Pod): string {
  const { uid = '', annotations } = pod.metadata ?? {};
  const first = annotations?.[firstUidAnnotation] ?? '';
  return controllerOf(pod)?.uid ?? `pod-${likeUid.test(first) ? first : uid}`;
}
