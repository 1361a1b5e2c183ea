/** Names of volumes and claims that users and other programs see. */

/** The provisioner of upper storage classes whose volumes are made in the cluster that gets the pod. */
export const virtualProvisioner = 'isthmus.io/virtual';

/** CSI driver of the volumes above: no node has it, so no upper node can mount them. */
export const virtualDriver = 'virtual.isthmus.io';

/** Finalizer of a volume above: what it stands for below is not forgotten before it is dealt with. */
export const volumeFinalizer = 'isthmus.io/lower-claim';

/** Label of a volume above: the virtual node it is on. */
export const virtualNodeLabelOfVolume = 'isthmus.io/virtual-node';

/** Annotation of an upper claim: `<its uid>/<uid of its lower claim>`, once that claim has been made. */
export const lowerClaimAnnotation = 'isthmus.io/lower-claim';

/** Annotation of a volume above: the name of the lower volume it stands for, once it is known. */
export const lowerVolumeAnnotation = 'isthmus.io/lower-volume';

/** Annotation of a volume above: `nodeAffinity` of the lower volume, as JSON. */
export const lowerNodeAffinityAnnotation = 'isthmus.io/lower-node-affinity';

/** Condition of an upper claim that says what is wrong with its storage below. It is there once something was. */
export const lowerStorageCondition = 'isthmus.io/LowerStorageReady';

/** Annotation of a claim: the node of the first pod that uses it, by the scheduler. */
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';

/** Annotation of a volume: who makes and deletes what it stands for. */
export const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by';
