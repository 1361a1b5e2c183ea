import type { Pod } from '../../kube/types.ts';

/**
 * What the lower scheduler says of a pod is soon followed by what its kubelet says: so long it waits, in milliseconds,
 * so that one write above tells both. Before the scheduler has spoken there is nothing to tell.
 */
const kubeletPause = 300;
const schedulerPause = 5_000;

/** How long news of a lower pod of ours may wait, in milliseconds: not at all once a kubelet has spoken. */
export function newsPause({ metadata, spec, status }: Pod): number {
  const { phase, conditions, startTime, containerStatuses, initContainerStatuses } = status ?? {};
  if (phase !== 'Pending' || metadata?.deletionTimestamp) return 0;
  if (startTime || containerStatuses || initContainerStatuses) return 0;
  return spec?.nodeName || conditions ? kubeletPause : schedulerPause;
}
