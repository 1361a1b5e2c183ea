import { KubeError } from './errors.ts';
import type {
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  CSINode,
  EndpointSlice,
  Event,
  Job,
  KubeObject,
  Lease,
  Namespace,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Service,
  ServiceImport,
  StorageClass,
  TokenRequest,
} from './types.ts';

/** Where a kind lives in the API. `T` is the type of its objects. */
export interface Resource<T extends KubeObject> {
  /** `v1`, or `group/version`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Only for the compiler; never set. */
  readonly object?: T;
}

/** A subresource that takes objects of a kind of its own. */
export interface Subresource<T extends KubeObject> {
  readonly parent: Resource<KubeObject>;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Only for the compiler; never set. */
  readonly object?: T;
}

export const pods: Resource<Pod> = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
export const nodes: Resource<Node> = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
export const events: Resource<Event> = {
  apiVersion: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};
export const secrets: Resource<Secret> = {
  apiVersion: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
};
export const configMaps: Resource<ConfigMap> = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};
export const namespaces: Resource<Namespace> = {
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};
export const persistentVolumes: Resource<PersistentVolume> = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  namespaced: false,
};
export const persistentVolumeClaims: Resource<PersistentVolumeClaim> = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  namespaced: true,
};
export const storageClasses: Resource<StorageClass> = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  namespaced: false,
};
export const csiNodes: Resource<CSINode> = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSINode',
  plural: 'csinodes',
  namespaced: false,
};
export const services: Resource<Service> = {
  apiVersion: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
};
export const networkPolicies: Resource<NetworkPolicy> = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  namespaced: true,
};
export const endpointSlices: Resource<EndpointSlice> = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
};
export const serviceExports: Resource<KubeObject> = {
  apiVersion: 'multicluster.x-k8s.io/v1alpha1',
  kind: 'ServiceExport',
  plural: 'serviceexports',
  namespaced: true,
};
export const serviceImports: Resource<ServiceImport> = {
  apiVersion: 'multicluster.x-k8s.io/v1alpha1',
  kind: 'ServiceImport',
  plural: 'serviceimports',
  namespaced: true,
};
export const leases: Resource<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};
export const tokenReviews: Resource<KubeObject> = {
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
};
export const subjectAccessReviews: Resource<KubeObject> = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
};

export const jobs: Resource<Job> = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  plural: 'jobs',
  namespaced: true,
};
export const serviceAccounts: Resource<KubeObject> = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
};
export const clusterRoles: Resource<ClusterRole> = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
};
export const clusterRoleBindings: Resource<ClusterRoleBinding> = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
};

export const mutatingWebhookConfigurations: Resource<KubeObject> = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  namespaced: false,
};

/** Asks for the end of a pod, which a disruption budget may refuse with 429. */
export const evictions: Subresource<KubeObject> = {
  parent: pods,
  apiVersion: 'policy/v1',
  kind: 'Eviction',
  name: 'eviction',
};

export const certificateSigningRequests: Resource<KubeObject> = {
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  namespaced: false,
};

export const serviceAccountTokens: Subresource<TokenRequest> = {
  parent: serviceAccounts,
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenRequest',
  name: 'token',
};

/**
 * The path of a collection or, with a name, of one object.
 *
 * @example resourcePath(pods, { namespace: 'default', name: 'web', subresource: 'status' })
 *          // /api/v1/namespaces/default/pods/web/status
 * @throws KubeError `BadRequest`, when a name is none
 */
export function resourcePath(
  resource: Resource<KubeObject>,
  where: { namespace?: string | undefined; name?: string; subresource?: string } = {},
): string {
  const root = resource.apiVersion.includes('/')
    ? `/apis/${resource.apiVersion}`
    : `/api/${resource.apiVersion}`;
  const scope = resource.namespaced && where.namespace ? `/namespaces/${segment(where.namespace)}` : '';
  const name = where.name === undefined ? '' : `/${segment(where.name)}`;
  return `${root}${scope}/${resource.plural}${name}${where.subresource ? `/${where.subresource}` : ''}`;
}

/** An empty name would make a call on one object, a deletion say, a call on all of them; dots lead elsewhere. */
function segment(name: string): string {
  if (name === '' || name === '.' || name === '..') throw new KubeError('BadRequest', `"${name}" is no name`);
  return encodeURIComponent(name);
}

/** `namespace/name`, or the name alone where there is no namespace: what caches and queues are keyed by. */
export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata ?? {};
  return namespace ? `${namespace}/${name}` : `${name}`;
}

/** The reverse of {@link keyOf}, for kinds that have a namespace. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
