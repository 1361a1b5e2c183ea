import type {
  AuthenticationV1TokenRequest,
  CoreV1Event,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1Container,
  V1ContainerStatus,
  V1CSINode,
  V1Endpoint,
  V1EndpointSlice,
  V1Job,
  V1Lease,
  V1Namespace,
  V1NetworkPolicy,
  V1NetworkPolicyPeer,
  V1Node,
  V1ObjectMeta,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodCondition,
  V1PodSpec,
  V1PodStatus,
  V1Secret,
  V1Service,
  V1ServiceSpec,
  V1StorageClass,
  V1Toleration,
  V1Volume,
} from '@kubernetes/client-node';

/**
 * A model of the client library as it travels: times are strings, nothing is a class. Fields that the models
 * do not know are kept at run time; the type only names those that we touch.
 */
type Raw<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? Raw<Item>[]
    : T extends object
      ? { [Key in keyof T]: Raw<T[Key]> }
      : T;

export type ObjectMeta = Raw<V1ObjectMeta>;

/** What every object of the API has. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

export type Pod = Raw<V1Pod>;
export type PodSpec = Raw<V1PodSpec>;
export type PodStatus = Raw<V1PodStatus>;
export type PodCondition = Raw<V1PodCondition>;
export type Container = Raw<V1Container>;
export type ContainerStatus = Raw<V1ContainerStatus>;
export type Volume = Raw<V1Volume>;
export type Toleration = Raw<V1Toleration>;
export type Node = Raw<V1Node>;
export type PersistentVolume = Raw<V1PersistentVolume>;
export type PersistentVolumeClaim = Raw<V1PersistentVolumeClaim>;
export type StorageClass = Raw<V1StorageClass>;
export type Job = Raw<V1Job>;
export type CSINode = Raw<V1CSINode>;
export type NetworkPolicy = Raw<V1NetworkPolicy>;
export type NetworkPolicyPeer = Raw<V1NetworkPolicyPeer>;
export type Service = Raw<V1Service>;
export type ServiceSpec = Raw<V1ServiceSpec>;
export type EndpointSlice = Raw<V1EndpointSlice>;
export type Endpoint = Raw<V1Endpoint>;
/** `multicluster.x-k8s.io/v1alpha1`, as far as it is looked at. */
export interface ServiceImport extends KubeObject {
  spec?: { ips?: string[]; type?: 'ClusterSetIP' | 'Headless' };
}
export type Lease = Raw<V1Lease>;
export type Namespace = Raw<V1Namespace>;
export type ConfigMap = Raw<V1ConfigMap>;
export type Secret = Raw<V1Secret>;
export type ClusterRole = Raw<V1ClusterRole>;
export type ClusterRoleBinding = Raw<V1ClusterRoleBinding>;
export type Event = Raw<CoreV1Event>;
/** What is sent; its answer has a status. */
export type TokenRequest = Omit<Raw<AuthenticationV1TokenRequest>, 'status'> & {
  status?: { token: string; expirationTimestamp: string };
};

/** `metav1.Status`, the body of every refusal. */
export interface Status extends KubeObject {
  status?: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  code?: number;
  details?: {
    name?: string;
    kind?: string;
    uid?: string;
    retryAfterSeconds?: number;
    causes?: { reason?: string; field?: string }[];
  };
}

/** A list as the API returns it; its items carry neither apiVersion nor kind. */
export interface KubeList<T extends KubeObject> extends KubeObject {
  metadata?: ObjectMeta & { continue?: string; remainingItemCount?: number };
  items: T[];
}
