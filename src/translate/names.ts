/** Names that users and other programs see. Those without our prefix are tensile-kube's. */

/** Of all our annotations. What they say is about the object that has them: none goes from an upper one down. */
export const ourPrefix = 'isthmus.io/';

/** Label of every virtual pod, above and below. */
export const virtualPodLabel = 'virtual-pod';

/** Annotation: scheduling fields for the lower cluster, as JSON (see cluster-selector.ts). */
export const clusterSelectorAnnotation = 'clusterSelector';

/** Annotation of a lower pod: the labels that `--ignore-labels` kept above, as a JSON map. */
export const trippedLabelsAnnotation = 'tripped-labels';

/** Annotation of everything we make below: uid of the upper cluster's kube-system namespace. */
export const upperClusterAnnotation = 'isthmus.io/upper-cluster';

/** Annotation of everything we make below: the virtual node it was made for. */
export const virtualNodeAnnotation = 'isthmus.io/virtual-node';

/** Annotation of everything we make below: uid of the upper object it stands for. */
export const upperUidAnnotation = 'isthmus.io/upper-uid';

/** Annotation of a lower pod: the upper pod's `metadata.generation` that its spec shows. */
export const upperGenerationAnnotation = 'isthmus.io/upper-generation';

/** Annotation of a lower pod: names of the labels and annotations that came from above, as JSON. */
export const carriedNamesAnnotation = 'isthmus.io/carried-names';

/** Annotation of a lower pod: the images and deadline that came from above, as JSON (see carried.ts). */
export const carriedSpecAnnotation = 'isthmus.io/carried-spec';

/** Annotation of a copied ConfigMap or Secret: uid and resourceVersion of the upper object it equals. */
export const upperVersionAnnotation = 'isthmus.io/upper-version';

/** Annotation of a copied ConfigMap or Secret: hash of its content, to notice edits below. */
export const contentHashAnnotation = 'isthmus.io/content-hash';

/** Annotation of an upper pod: `<its uid>/<uid of its lower pod>`, once that pod has been made. */
export const lowerPodAnnotation = 'isthmus.io/lower-pod';

/**
 * Annotation of the Lease of a virtual node: the resource version of the lower cluster up to which its provider knows what
 * became of pods.
 */
export const lowerPositionAnnotation = 'isthmus.io/lower-position';

/** Annotation of a virtual node: uid of the lower cluster's kube-system namespace. */
export const lowerClusterAnnotation = 'isthmus.io/lower-cluster';

/** Annotation of a virtual node: the room on the one lower node that has most, as JSON of quantities. */
export const largestFreeNodeAnnotation = 'isthmus.io/largest-free-node';

/** Annotation of a virtual node: names of the labels that its configuration gave it, as JSON. */
export const configuredLabelsAnnotation = 'isthmus.io/configured-labels';

/** Annotation of a virtual node: the taint that its configuration gave it, as kubectl writes it; empty for none. */
export const configuredTaintAnnotation = 'isthmus.io/configured-taint';

/** Label of a virtual node: the cloud in which its lower cluster runs. */
export const cloudProviderLabel = 'isthmus.io/cloud-provider';

/** Label and value by which a virtual node is known. */
export const virtualNodeLabel = { name: 'type', value: 'virtual-kubelet' } as const;

/** Annotation of a lower Secret with tokens: name of the pod that mounts it. */
export const podNameAnnotation = 'isthmus.io/pod';

/** Annotation of a lower Secret with tokens: when they are renewed, RFC 3339. */
export const tokenRefreshAnnotation = 'isthmus.io/refresh-at';

/** Annotation of an upper pod: "false" keeps the webhook away; the webhook itself writes {@link webhookDone}. */
export const webhookAnnotation = 'isthmus.io/webhook';

/** Value of {@link webhookAnnotation}: what the pod asked of lower nodes stands in its `clusterSelector`. */
export const webhookDone = 'done';

/** Annotation of an upper pod: the virtual nodes from which it is kept, each with the time until when, as JSON. */
export const avoidsAnnotation = 'isthmus.io/avoids';

/** Label of pods that the descheduler made again; tensile-kube's. */
export const descheduledLabel = 'create-by-descheduler';

/** Annotation of such a pod: how many times it was made again; tensile-kube's. */
export const descheduleCountAnnotation = 'sigs.k8s.io/deschedule-count';

/** Annotation of a pod: "false" keeps the descheduler away from it. */
export const evictAnnotation = 'isthmus.io/evict';

/** Annotation of a pod that the descheduler made again: uid of the one that went. */
export const madeFromAnnotation = 'isthmus.io/made-from';

/** Annotation of such a pod: uid of the first of them, by which it is remembered where they have been. */
export const firstUidAnnotation = 'isthmus.io/first-uid';
/** Annotation of an upper Service: "false" keeps it above, "true" takes it down whatever the selector says. */
export const serviceAnnotation = 'isthmus.io/service';

/** Label of an EndpointSlice (k8s.io/api/discovery/v1): its Service. */
export const serviceNameLabel = 'kubernetes.io/service-name';

/** Label of an EndpointSlice (k8s.io/api/discovery/v1): the controller whose it is. */
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';

/** Value of {@link managedByLabel} of EndpointSlices below that are ours. */
export const sliceManager = 'isthmus.io';

/** Value of {@link upperUidAnnotation} of the Service below that leads to the upper API server. */
export const upperApiUid = 'upper-api-server';
