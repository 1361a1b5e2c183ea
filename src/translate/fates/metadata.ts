import { carried, dropped, type Fates, rewritten } from './fate.ts';

/** ObjectMeta of a pod. */
export const metadataFates: Fates = {
  name: carried(),
  namespace: carried('made below when it is missing'),
  labels: rewritten(
    'carried, except `--ignore-labels` (remembered in the annotation `tripped-labels`); later changes follow',
  ),
  annotations: rewritten(
    'carried, except those of `isthmus.io/`, which below say whose pod it is; later changes follow',
  ),
  uid: dropped('the lower pod has its own; the downward API reads the upper one'),
  generateName: dropped('the name it led to is carried'),
  ownerReferences: dropped('the owners are above, and would be garbage below'),
  finalizers: dropped('they hold the upper pod, which stays until the lower one is gone'),
  creationTimestamp: dropped('the lower pod has its own'),
  deletionTimestamp: dropped('a deletion travels as a deletion'),
  deletionGracePeriodSeconds: dropped('a deletion below gets the grace period that is left'),
  resourceVersion: dropped('each API server counts its own'),
  generation: dropped('each API server counts its own'),
  managedFields: dropped('each API server keeps its own'),
  selfLink: dropped('empty since Kubernetes 1.20'),
};
