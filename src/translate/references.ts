import type { Container, Pod, Volume } from '../kube/types.ts';
import { isTokenVolume } from './token-volume.ts';
import { containersOf } from './walk-spec.ts';

/** A ConfigMap or Secret that a pod names in its own namespace. */
export interface Reference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  /** The kubelet starts the pod without it. */
  readonly optional: boolean;
}

/**
 * Every ConfigMap and Secret that the pod names, each once; it is mandatory if any mention of it is.
 *
 * @param withToken whether the volume that the API server adds for the service account's token counts as well
 */
export function referencesOf(pod: Pod, { withToken }: { withToken: boolean }): Reference[] {
  const found = new Map<string, Reference>();
  const add = (kind: Reference['kind'], name: string | undefined, optional?: boolean) => {
    if (!name) return;
    const key = `${kind}/${name}`;
    const before = found.get(key);
    found.set(key, { kind, name, optional: (before?.optional ?? true) && optional === true });
  };
  const { spec } = pod;
  for (const volume of spec?.volumes ?? []) if (withToken || !isTokenVolume(volume)) fromVolume(volume, add);
  for (const container of containersOf(pod)) fromContainer(container, add);
  // The kubelet only warns of a missing pull secret and tries without it.
  for (const secret of spec?.imagePullSecrets ?? []) add('Secret', secret.name, true);
  return [...found.values()];
}

type Add = (kind: Reference['kind'], name: string | undefined, optional?: boolean) => void;

function fromVolume(volume: Volume, add: Add): void {
  add('ConfigMap', volume.configMap?.name, volume.configMap?.optional);
  add('Secret', volume.secret?.secretName, volume.secret?.optional);
  for (const source of volume.projected?.sources ?? []) {
    add('ConfigMap', source.configMap?.name, source.configMap?.optional);
    add('Secret', source.secret?.name, source.secret?.optional);
  }
  add('Secret', volume.azureFile?.secretName);
  add('Secret', volume.csi?.nodePublishSecretRef?.name);
  for (const source of [
    volume.cephfs,
    volume.cinder,
    volume.flexVolume,
    volume.iscsi,
    volume.rbd,
    volume.scaleIO,
    volume.storageos,
  ]) {
    add('Secret', source?.secretRef?.name);
  }
}

function fromContainer(container: Container, add: Add): void {
  for (const source of container.envFrom ?? []) {
    add('ConfigMap', source.configMapRef?.name, source.configMapRef?.optional);
    add('Secret', source.secretRef?.name, source.secretRef?.optional);
  }
  for (const variable of container.env ?? []) {
    const { configMapKeyRef, secretKeyRef } = variable.valueFrom ?? {};
    add('ConfigMap', configMapKeyRef?.name, configMapKeyRef?.optional);
    add('Secret', secretKeyRef?.name, secretKeyRef?.optional);
  }
}
