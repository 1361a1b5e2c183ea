import type { EventRecorder } from '../../kube/event-recorder.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import type { PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import { classNameOf, isProvisionedByUs, selectedNodeOf } from '../../translate/storage/claim-place.ts';
import { provisioningFailed } from './provision.ts';
import type { UpperStorage } from './upper-storage.ts';

/** Tells claims that will never be bound why: only a pod says in which cluster a volume is to be. */
export function tellImmediateClaims(
  { claims, classes }: Pick<UpperStorage, 'claims' | 'classes'>,
  provisioners: ReadonlySet<string>,
  events: Pick<EventRecorder, 'record'>,
): void {
  const isAtOnce = (storageClass: StorageClass | undefined) =>
    isProvisionedByUs(storageClass, provisioners) &&
    storageClass?.volumeBindingMode !== 'WaitForFirstConsumer';
  const look = (claim: PersistentVolumeClaim) => {
    if (claim.spec?.volumeName || selectedNodeOf(claim) !== undefined) return;
    const className = classNameOf(claim) ?? '';
    if (!isAtOnce(classes.get(className))) return;
    const message =
      `storage class "${className}" must have volumeBindingMode WaitForFirstConsumer: ` +
      'a volume is made in the cluster of its first pod';
    events.record(persistentVolumeClaims, claim, { type: 'Warning', reason: provisioningFailed, message });
  };
  claims.subscribe(({ type, object }) => {
    if (type !== 'deleted') look(object);
  });
  // The claims may be listed first.
  classes.subscribe(({ type, object }) => {
    if (type !== 'deleted' && isAtOnce(object)) for (const claim of claims.values()) look(claim);
  });
}
