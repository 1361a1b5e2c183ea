import { join } from 'node:path';
import { packageFolder } from '../../src/cli/package-folder.ts';
import { mustKubectl } from './kubectl.ts';
import { filesOf } from './pki.ts';
import type { ClusterState } from './state.ts';
import { longLifetime, writeTokenKubeconfig } from './token-kubeconfig.ts';

const namespace = 'isthmus-system';

/** The kubeconfig of the account as which a provider works with the cluster. */
export function providerKubeconfigOf(directory: string, cluster: string): string {
  return filesOf(directory, cluster).kubeconfigOf('isthmus');
}

/** The kubeconfig of the account as which another program of ours works with the upper cluster. */
export function programKubeconfigOf(
  directory: string,
  cluster: string,
  program: 'multischeduler' | 'descheduler',
): string {
  return filesOf(directory, cluster).kubeconfigOf(`isthmus-${program}`);
}

/**
 * Applies the manifests of deploy/rbac and writes the kubeconfigs of the accounts in them, so that no program of ours
 * works as administrator.
 */
export async function createAccount(directory: string, { name }: ClusterState): Promise<void> {
  const isUpper = name === 'upper';
  const manifests = isUpper
    ? [
        'upper.yaml',
        'upper-serving-certificate.yaml',
        'upper-multischeduler.yaml',
        'upper-descheduler.yaml',
        'upper-network-policies.yaml',
        'upper-multi-cluster-services.yaml',
      ]
    : [
        'lower.yaml',
        'lower-metrics.yaml',
        'lower-scheduling.yaml',
        'lower-network-policies.yaml',
        'lower-multi-cluster-services.yaml',
      ];
  const accounts = isUpper
    ? [
        { account: 'isthmus-provider', file: providerKubeconfigOf(directory, name) },
        ...(['multischeduler', 'descheduler'] as const).map((program) => ({
          account: `isthmus-${program}`,
          file: programKubeconfigOf(directory, name, program),
        })),
      ]
    : [{ account: 'isthmus-lower', file: providerKubeconfigOf(directory, name) }];
  const cluster = filesOf(directory, name);
  const files = manifests.flatMap((file) => ['-f', join(packageFolder(), 'deploy', 'rbac', file)]);
  await mustKubectl(cluster, ['apply', '--server-side', ...files]);
  for (const { account, file } of accounts)
    await writeTokenKubeconfig(cluster, { namespace, name: account, lifetime: longLifetime }, file);
}
