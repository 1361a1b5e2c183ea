import type { Pod, Volume } from '../kube/types.ts';
import { clusterSelectorOf } from './cluster-selector.ts';
import { policyRefusal, type Refusable } from './policy.ts';
import type { ServiceAccountMode } from './service-account.ts';
import { isTokenVolume } from './token-volume.ts';

/** Why a pod is not sent down: a reason in one word for `kubectl get`, and a sentence for `kubectl describe`. */
export interface Refusal {
  reason: string;
  message: string;
  /** The reason of the event, where it differs from that of the waiting container. */
  eventReason?: string;
}

export interface RefusalOptions {
  serviceAccounts: ServiceAccountMode;
  /** What the operator's policy forbids. */
  refused: ReadonlySet<Refusable>;
}

/** The first thing about a pod that cannot be carried to a lower cluster, if there is any. */
export function refusalOf(pod: Pod, options: RefusalOptions): Refusal | undefined {
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
  for (const volume of pod.spec?.volumes ?? []) {
    const why = volumeRefusal(volume, options.serviceAccounts);
    if (why) return { reason: 'VolumeNotSupported', message: `volume "${volume.name}": ${why}` };
  }
  return policyRefusal(pod, options.refused);
}

function volumeRefusal(volume: Volume, serviceAccounts: ServiceAccountMode): string | undefined {
  if (volume.persistentVolumeClaim || volume.ephemeral) {
    return 'persistent volume claims cannot be carried to a lower cluster yet';
  }
  if (isTokenVolume(volume)) return undefined;
  if (serviceAccounts === 'none' && volume.projected?.sources?.some((source) => source.serviceAccountToken)) {
    return 'this virtual node carries no service account tokens (--service-account-mode=none)';
  }
  if (volume.projected?.sources?.some((source) => source.clusterTrustBundle || source.podCertificate)) {
    return 'trust bundles and pod certificates belong to the upper cluster';
  }
  return undefined;
}
