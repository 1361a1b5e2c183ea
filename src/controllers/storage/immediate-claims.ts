import type { EventRecorder } from '../../kube/event-recorder.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import { classNameOf, isProvisionedByUs, selectedNodeOf } from '../../translate/storage/claim-place.ts';
import { provisioningFailed } from './provision.ts';
import type { UpperStorage } from './upper-storage.ts';

/** Tells claims that will never be bound why: only a pod says in which cluster a volume is to be. */
export function tellImmediateClaims(
  { claims, classes }: UpperStorage,
  provisioners: ReadonlySet<string>,
  events: Pick<EventRecorder, 'record'>,
): void {
  claims.subscribe(({ type, object }) => {
    const isWaiting = type !== 'deleted' && !object.spec?.volumeName && selectedNodeOf(object) === undefined;
    if (!isWaiting) return;
    const className = classNameOf(object) ?? '';
    const storageClass = classes.get(className);
    if (!isProvisionedByUs(storageClass, provisioners)) return;
    if (storageClass?.volumeBindingMode === 'WaitForFirstConsumer') return;
    const message = `storage class "${className}" must have volumeBindingMode WaitForFirstConsumer: a volume is made in the cluster of its first pod`;
    events.record(persistentVolumeClaims, object, { type: 'Warning', reason: provisioningFailed, message });
  });
}
