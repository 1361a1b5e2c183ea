import type { Pod } from '../../kube/types.ts';
import { isVirtual, upperUidOf } from '../../translate/marks.ts';

/** What is remembered of a pod below that somebody above owns. */
export interface LowerPod {
  /** Of the upper pod that it stands for. */
  readonly upperUid: string;
  readonly nodeName: string | undefined;
  /** What the lower scheduler says while it finds no place (condition PodScheduled). */
  readonly unschedulable: Unschedulable | undefined;
}

interface Unschedulable {
  readonly message: string;
  /** RFC 3339. */
  readonly since: string;
}

/** The memory of a pod; none of one that nobody above owns. */
export function lowerPodOf(pod: Pod): LowerPod | undefined {
  const upperUid = upperUidOf(pod);
  if (!isVirtual(pod) || upperUid === undefined) return undefined;
  return { upperUid, nodeName: pod.spec?.nodeName || undefined, unschedulable: unschedulableOf(pod) };
}

function unschedulableOf({ status }: Pod): Unschedulable | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (condition?.status !== 'False' || condition.reason !== 'Unschedulable') return undefined;
  return { message: condition.message ?? '', since: condition.lastTransitionTime ?? '' };
}
