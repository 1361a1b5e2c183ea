import type { Resource } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/types.ts';

export const deployments: Resource<KubeObject> = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};
export const jobs: Resource<KubeObject & { status?: { conditions?: { type: string; status: string }[] } }> = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  plural: 'jobs',
  namespaced: true,
};
