import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Container, PersistentVolume, StorageClass } from '../src/kube/types.ts';

/** A class whose volumes are bound when their first pod has a node. */
export function storageClass(
  name: string,
  provisioner: string,
  more: Partial<StorageClass> = {},
): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner,
    volumeBindingMode: 'WaitForFirstConsumer',
    ...more,
  };
}

/** A local volume on a node, in a folder of its own that anybody may write. */
export function localVolume(
  folder: string,
  { name, node, className, size }: { name: string; node: string; className: string; size: string },
  more: Partial<PersistentVolume['spec']> = {},
): PersistentVolume {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o777);
  const expression = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: size },
      accessModes: ['ReadWriteOnce', 'ReadWriteMany'],
      storageClassName: className,
      persistentVolumeReclaimPolicy: 'Retain',
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } },
      ...more,
    },
  };
}

/** A claim of a class. */
export function claim(name: string, className: string, size = '1Gi', more: object = {}) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: {
      storageClassName: className,
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: size } },
      ...more,
    },
  };
}

/** What a pod needs to have a claim at /data. */
export function mounting(claimName: string): { volumes: object[]; container: Partial<Container> } {
  return {
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    container: { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
  };
}
