import type { Pod } from '../kube/types.ts';
import { marks, type Owner } from './marks.ts';
import type { PodDownOptions } from './pod-down.ts';
import type { RefusalOptions } from './refusal.ts';

/** How pods go down in the tests that care for nothing of it. */
export const options: PodDownOptions & RefusalOptions = {
  ignoreLabels: new Set(),
  serviceAccounts: 'upper',
  upperApi: { host: '10.1.2.3', port: '6443' },
  nodeRequirements: [],
  refused: new Set(),
};

/** On whose behalf the tests make objects below. */
export const owner: Owner = { upperCluster: 'upper-cluster-uid', virtualNode: 'vk-a' };

/**
 * The value and all within it, made so that a change of it throws: what the translations read belongs to caches
 * that others share.
 */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}

/** An object that no field of the models need fit: raw JSON has nulls, gaps and fields that nobody here knows. */
export function raw<T>(json: object): T {
  return frozen(json) as T;
}

/** An upper pod as the API server returns it once bound; `parts` replace whole fields. */
export function upperPod(parts: { metadata?: object; spec?: object; status?: object } = {}): Pod {
  return raw({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-0',
      namespace: 'shop',
      uid: 'upper-uid',
      resourceVersion: '7',
      generation: 3,
      creationTimestamp: '2026-01-02T03:04:05Z',
      labels: { app: 'web', 'virtual-pod': 'true' },
      ...parts.metadata,
    },
    spec: {
      nodeName: 'vk-a',
      restartPolicy: 'Always',
      containers: [{ name: 'main', image: 'nginx:1' }],
      ...parts.spec,
    },
    status: { phase: 'Pending', qosClass: 'BestEffort', ...parts.status },
  });
}

/** The lower pod that was made for {@link upperPod}; `parts` replace whole fields. */
export function lowerPod(parts: { metadata?: object; spec?: object; status?: object } = {}): Pod {
  return raw({
    metadata: {
      name: 'web-0',
      namespace: 'shop',
      uid: 'lower-uid',
      resourceVersion: '9',
      generation: 1,
      ...marks(owner, 'upper-uid'),
      ...parts.metadata,
    },
    spec: { nodeName: 'worker-1', containers: [{ name: 'main', image: 'nginx:1' }], ...parts.spec },
    status: { phase: 'Running', qosClass: 'BestEffort', ...parts.status },
  });
}
