import type { PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import { selectedNodeAnnotation, virtualProvisioner } from './storage-names.ts';

/** The old annotation by which a claim names its class; it goes before the field. */
const legacyClass = 'volume.beta.kubernetes.io/storage-class';

/** The class that a claim asks for; undefined when it names none. */
export function classNameOf(claim: PersistentVolumeClaim): string | undefined {
  return claim.metadata?.annotations?.[legacyClass] ?? claim.spec?.storageClassName ?? undefined;
}

/** The node that the scheduler chose for a claim's first pod. */
export function selectedNodeOf(claim: PersistentVolumeClaim): string | undefined {
  return claim.metadata?.annotations?.[selectedNodeAnnotation];
}

/** Whether we make the volumes of a class. @param others provisioners that the operator gave to us */
export function isProvisionedByUs(
  storageClass: StorageClass | undefined,
  others: ReadonlySet<string>,
): boolean {
  const provisioner = storageClass?.provisioner;
  return provisioner !== undefined && (provisioner === virtualProvisioner || others.has(provisioner));
}
