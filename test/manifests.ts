import { BUSYBOX_IMAGE } from '../hack/clusters/images.ts';
import type { Container, ObjectMeta, Pod, PodSpec } from '../src/kube/types.ts';

/** A pod's spec that the upper scheduler binds to this virtual node and to no other. */
export interface PodOptions extends Partial<PodSpec> {
  /** What its one container runs; it sleeps by default. */
  readonly script?: string;
  /** More about its one container. */
  readonly container?: Partial<Container>;
}

/** For use in a template, where the owner names the pods. */
export function podSpec(node: string, { script, container, ...spec }: PodOptions = {}): PodSpec {
  return {
    nodeSelector: { 'kubernetes.io/hostname': node },
    tolerations: [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }],
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'main',
        image: BUSYBOX_IMAGE,
        command: ['sh', '-c', script ?? 'exec sleep 100000'],
        ...container,
      },
    ],
    ...spec,
  };
}

/** A virtual pod. */
export function podOn(node: string, name: string, options: PodOptions = {}, metadata: ObjectMeta = {}): Pod {
  const labels = { 'virtual-pod': 'true', ...metadata.labels };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name, labels },
    spec: podSpec(node, options),
  };
}

export function configMap(name: string, data: Record<string, string>): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

export function secret(name: string, stringData: Record<string, string>, type = 'Opaque'): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type, stringData };
}

/** A Deployment, StatefulSet or Job whose pods are virtual. */
export function workload(
  kind: 'Deployment' | 'StatefulSet' | 'ReplicaSet' | 'Job',
  name: string,
  template: PodSpec,
  spec: object = {},
): object {
  const labels = { app: name, 'virtual-pod': 'true' };
  const selector = kind === 'Job' ? {} : { selector: { matchLabels: { app: name } } };
  return {
    apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: { name },
    spec: { ...selector, template: { metadata: { labels }, spec: template }, ...spec },
  };
}
