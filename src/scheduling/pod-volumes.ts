import type { PersistentVolume, PersistentVolumeClaim } from '../kube/types.ts';
import type { ClusterState } from './cluster-state.ts';
import type { Candidate } from './filter.ts';
import { classNameOf } from './storage.ts';

/** A claim that has a volume; the volume may have gone. */
interface BoundClaim {
  readonly volumeName: string;
  readonly volume: PersistentVolume | undefined;
  readonly isEphemeral: boolean;
}

/** A claim that gets its volume when its pod gets a node. */
export interface OpenClaim {
  readonly claim: PersistentVolumeClaim;
  readonly namespace: string;
  readonly className: string;
}

export interface PodVolumes {
  readonly bound: readonly BoundClaim[];
  readonly open: readonly OpenClaim[];
}

/** The claims of a pod, sorted as kube-scheduler does (GetPodVolumeClaims), or why it cannot run anywhere. */
export function podVolumes(
  state: ClusterState,
  pod: Candidate,
): PodVolumes | { readonly refusesPod: string } {
  const bound: BoundClaim[] = [];
  const open: OpenClaim[] = [];
  for (const { name, template } of pod.claims) {
    const claim = state.storage.claim(`${pod.namespace}/${name}`);
    const toCome = claim
      ? undefined
      : (pod.claimsToCome?.find(({ metadata }) => metadata?.name === name) ?? template);
    if (toCome) {
      open.push({ claim: toCome, namespace: pod.namespace, className: classToBe(state, toCome) });
      continue;
    }
    if (!claim) return { refusesPod: `persistentvolumeclaim "${name}" not found` };
    const refusal = refuse(claim, name);
    if (refusal) return { refusesPod: refusal };
    const volumeName = claim.spec?.volumeName ?? '';
    const className = classNameOf(claim);
    const isBound =
      volumeName !== '' && claim.metadata?.annotations?.['pv.kubernetes.io/bind-completed'] !== undefined;
    const waits = state.storage.storageClass(className)?.volumeBindingMode === 'WaitForFirstConsumer';
    if (isBound) {
      bound.push({
        volumeName,
        volume: state.storage.volume(volumeName),
        isEphemeral: template !== undefined,
      });
    } else if (waits && volumeName === '') {
      open.push({ claim, namespace: pod.namespace, className });
    } else {
      return { refusesPod: 'pod has unbound immediate PersistentVolumeClaims' };
    }
  }
  return { bound, open };
}

function refuse({ metadata, spec, status }: PersistentVolumeClaim, name: string): string | undefined {
  if (status?.phase === 'Lost') {
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${spec?.volumeName ?? ''}"`;
  }
  return metadata?.deletionTimestamp ? `persistentvolumeclaim "${name}" is being deleted` : undefined;
}

/** The class that a claim will have when it has been created here. */
function classToBe({ storage }: ClusterState, claim: PersistentVolumeClaim): string {
  const isChosen = claim.spec?.storageClassName !== undefined && claim.spec.storageClassName !== null;
  return isChosen ? classNameOf(claim) : classNameOf(claim) || (storage.defaultClass() ?? '');
}

/**
 * The volumes of a pod that a CSI driver attaches: driver by a name of the volume that pods share who share the
 * volume. Claims that cannot be resolved are not counted (CSILimits, filterAttachableVolumes).
 */
export function attachedVolumes(
  state: ClusterState,
  namespace: string,
  { claims, claimsToCome = [] }: Pick<Candidate, 'claims' | 'claimsToCome'>,
): Map<string, string> {
  const volumes = new Map<string, string>();
  for (const { name, template } of claims) {
    const key = `${namespace}/${name}`;
    const there = state.storage.claim(key);
    const toCome = claimsToCome.find(({ metadata }) => metadata?.name === name) ?? template;
    const volume = state.storage.volume(there?.spec?.volumeName ?? '');
    if (volume) {
      const { driver, volumeHandle } = volume.spec?.csi ?? {};
      if (driver && volumeHandle) volumes.set(`${driver}/${volumeHandle}`, driver);
      continue;
    }
    const className = there ? classNameOf(there) : toCome && classToBe(state, toCome);
    const driver = className ? state.storage.storageClass(className)?.provisioner : undefined;
    if (driver) volumes.set(`${driver}/claim of ${key}`, driver);
  }
  return volumes;
}
