import { dirname, join } from 'node:path';
import { findBinaries } from './binaries.ts';
import { mustExecute } from './exec.ts';

/** The cluster that a kubeconfig beside the others of its set leads to. */
interface WithKubeconfig {
  readonly kubeconfig: string;
}

/** What kubectl is given: the cache of API groups goes where the clusters are, not into anybody's home. */
export function kubectlEnvironment({ kubeconfig }: WithKubeconfig): NodeJS.ProcessEnv {
  return { ...process.env, KUBECACHEDIR: join(dirname(kubeconfig), 'kubectl-cache') };
}

/**
 * Runs the kubectl of the clusters' own version as administrator, and returns its output.
 *
 * @throws Error one line with what it complains about
 */
export async function mustKubectl(
  cluster: WithKubeconfig,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const { kubectl } = await findBinaries();
  const options = { environment: kubectlEnvironment(cluster), ...(input !== undefined && { input }) };
  return mustExecute(kubectl, ['--kubeconfig', cluster.kubeconfig, ...args], options);
}
