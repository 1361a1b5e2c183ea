import type { Pod } from '../kube/types.ts';
import { type Avoidance, withAvoidance, withoutAvoidance } from './avoidance.ts';
import {
  descheduleCountAnnotation,
  descheduledLabel,
  firstUidAnnotation,
  lowerPodAnnotation,
  madeFromAnnotation,
} from './names.ts';

/**
 * A pod as it is made again after it went: the same name, labels, annotations and owners, but for what was about the
 * one that went, and kept from nodes.
 */
export function podAgain(pod: Pod, avoidance: Avoidance): Pod {
  const { name, namespace, uid, labels, annotations, ownerReferences } = pod.metadata ?? {};
  const { [lowerPodAnnotation]: _copy, [descheduleCountAnnotation]: count, ...others } = annotations ?? {};
  const { nodeName: _node, ephemeralContainers: _debug, ...spec } = pod.spec ?? { containers: [] };
  const times = (Number.parseInt(count ?? '', 10) || 0) + 1;
  const again = {
    metadata: {
      ...{ name, namespace },
      labels: { ...labels, [descheduledLabel]: 'true' },
      annotations: {
        [firstUidAnnotation]: uid ?? '',
        ...others,
        [descheduleCountAnnotation]: `${times}`,
        [madeFromAnnotation]: uid ?? '',
      },
      ...(ownerReferences && { ownerReferences }),
    },
    spec,
  };
  return withAvoidance(withoutAvoidance(again as Pod), avoidance);
}
