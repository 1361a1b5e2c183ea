import type { Container, Pod, Volume } from '../kube/types.ts';
import { clusterSelectorOf } from './cluster-selector.ts';
import { containerFates } from './fates/container.ts';
import { refusedField } from './fates/fate.ts';
import { podSpecFates } from './fates/pod-spec.ts';
import { volumeFates } from './fates/volume.ts';
import { forbiddenUse, forbiddenUseOf, type Refusable } from './policy.ts';
import type { ServiceAccountMode } from './service-account.ts';
import { isTokenVolume } from './token-volume.ts';
import { containersOf } from './walk-spec.ts';

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
  return fieldRefusal(pod, options.serviceAccounts) ?? policyRefusal(pod, options.refused);
}

/** Why a debug container is not added to a pod that runs already: the operator's policy forbids it. */
export function debugRefusal(upper: Pod, refused: ReadonlySet<Refusable>): Refusal | undefined {
  for (const container of (upper.spec?.ephemeralContainers ?? []) as Container[]) {
    const feature = forbiddenUseOf(container, refused);
    if (feature) {
      return {
        reason: 'RefusedByPolicy',
        message: `container "${container.name}": this virtual node takes none with ${feature} (--refuse)`,
      };
    }
  }
  return undefined;
}

function policyRefusal(pod: Pod, refused: ReadonlySet<Refusable>): Refusal | undefined {
  const feature = forbiddenUse(pod, refused);
  if (!feature) return undefined;
  return {
    reason: 'RefusedByPolicy',
    message: `this virtual node takes no pods with ${feature} (--refuse)`,
  };
}

function fieldRefusal(pod: Pod, serviceAccounts: ServiceAccountMode): Refusal | undefined {
  const field =
    refusedField(pod.spec, podSpecFates) ??
    containersOf(pod)
      .map(({ resources }) => refusedField(resources, containerFates.ResourceRequirements))
      .find((fate) => fate);
  if (field) return { reason: field.reason, message: field.note };
  for (const volume of pod.spec?.volumes ?? []) {
    const why = volumeRefusal(volume, serviceAccounts);
    if (why) return { reason: why.reason, message: `volume "${volume.name}": ${why.note}` };
  }
  return undefined;
}

function volumeRefusal(
  volume: Volume,
  serviceAccounts: ServiceAccountMode,
): { reason: string; note: string } | undefined {
  const field = refusedField(volume, volumeFates.Volume);
  if (field) return field;
  for (const source of volume.projected?.sources ?? []) {
    const refused = refusedField(source, volumeFates.VolumeProjection);
    if (refused) return refused;
    if (source.serviceAccountToken && serviceAccounts === 'none' && !isTokenVolume(volume)) {
      return {
        reason: 'VolumeNotSupported',
        note: 'this virtual node carries no service account tokens (--service-account-mode=none)',
      };
    }
  }
  return undefined;
}
