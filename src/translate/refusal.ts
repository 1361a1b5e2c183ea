import type { Pod, Volume } from '../kube/types.ts';
import { clusterSelectorOf } from './cluster-selector.ts';
import { namesRootCertificate } from './references.ts';
import { isTokenVolume } from './token-volume.ts';

/** Why a pod is not sent down: a reason in one word for `kubectl get`, and a sentence for `kubectl describe`. */
export interface Refusal {
  reason: string;
  message: string;
  /** The reason of the event, where it differs from that of the waiting container. */
  eventReason?: string;
}

/** The first thing about a pod that cannot be carried to a lower cluster, if there is any. */
export function refusalOf(pod: Pod): Refusal | undefined {
  if (clusterSelectorOf(pod) === undefined) {
    return {
      reason: 'InvalidClusterSelector',
      message:
        'the annotation clusterSelector is no JSON object with the nodeSelector, affinity and tolerations of a pod',
    };
  }
  if (pod.spec?.resourceClaims?.length) {
    return {
      reason: 'ResourceClaimsNotSupported',
      message: 'resource claims cannot be carried to a lower cluster yet',
    };
  }
  if (namesRootCertificate(pod)) {
    return {
      reason: 'RootCertificateNotSupported',
      message:
        'the ConfigMap kube-root-ca.crt is of the upper cluster, and the lower one keeps its own by that name',
    };
  }
  for (const volume of pod.spec?.volumes ?? []) {
    const why = volumeRefusal(volume);
    if (why) return { reason: 'VolumeNotSupported', message: `volume "${volume.name}": ${why}` };
  }
  return undefined;
}

function volumeRefusal(volume: Volume): string | undefined {
  if (volume.persistentVolumeClaim || volume.ephemeral) {
    return 'persistent volume claims cannot be carried to a lower cluster yet';
  }
  if (isTokenVolume(volume)) return undefined;
  if (volume.projected?.sources?.some((source) => source.serviceAccountToken)) {
    return 'service account tokens cannot be carried to a lower cluster yet';
  }
  if (volume.projected?.sources?.some((source) => source.clusterTrustBundle || source.podCertificate)) {
    return 'trust bundles and pod certificates belong to the upper cluster';
  }
  return undefined;
}
